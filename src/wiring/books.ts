import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { accountsBehind, readAccount } from '#admission/account.store.ts';
import { createAdmission, type AdmissionService } from '#admission/admission-service.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { readReceipt } from '#admission/receipt.store.ts';
import { why } from '#admission/why.ts';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { parseId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { utcDay } from '#base/utc-day.ts';
import type { Catalog } from '#catalog/catalog.ts';
import { publicModel } from '#catalog/public-model.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import type { GatewayDeps } from '#gateway/gateway-deps.ts';
import { PostgresIdempotencyStore } from '#gateway/idempotency.store.ts';
import type { Services } from '#http/services.ts';
import { audit } from '#ledger/audit.ts';
import { sealLedger } from '#ledger/ledger-seal.store.ts';
import type { AccountBooks } from '#subscriptions/subscriptions.ts';
import { accountBooks } from './account-books.ts';
import { expireCredits } from './expire-credits.ts';
import { auditText } from './audit-text.ts';
import type { PlanBook } from './plan-book.ts';

export interface BooksOptions {
  readonly address: DatabaseAddress;
  readonly pool: Pool;
  readonly plans: PlanBook;
  readonly catalog: () => Catalog;
  /** Where this process notes what it sends to suppliers. */
  readonly sentDirectory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Admission, and what reads and changes accounts beside it. */
export interface OpenBooks {
  readonly admission: AdmissionService;
  readonly accounts: AccountBooks;
  readonly grant: Services['customers']['grant'];
  readonly showAccount: (
    ...subject: Parameters<Services['customers']['show']>
  ) => Promise<object | undefined>;
  readonly why: Services['books']['why'];
  readonly audit: Services['books']['audit'];
  readonly receipt: NonNullable<GatewayDeps['receipt']>;
  /** Earns every subscription's price up to now. @returns how many accounts were behind. */
  readonly accrue: (book?: Book) => Promise<number>;
  /** Takes expired credits off the books of accounts that nobody uses. @returns of how many */
  readonly expire: () => Promise<number>;
  /** Seals the days that ended more than an hour ago. */
  readonly seal: () => Promise<void>;
  readonly isReady: () => boolean;
  idempotency(masterKey: Buffer): PostgresIdempotencyStore;
  close(): Promise<void>;
}

const CLOSE_DRAIN_MS = 10_000;
const SEAL_AFTER_MS = 3_600_000;
const ACCRUALS_PER_PASS = 2_000;

/**
 * Opens admission: takes a lease and resolves what dead processes left.
 * @throws DomainError `store_unavailable`
 */
export async function openBooks(options: BooksOptions): Promise<OpenBooks> {
  const { address, pool, plans, catalog, sentDirectory, clock, random, log } = options;
  const admission = createAdmission({
    address,
    pool,
    plans,
    sentDirectory,
    clock,
    random,
    onTrouble: ({ kind, error }) => log.warn({ trouble: kind, err: error }, 'admission'),
  });
  await admission.start();
  return {
    admission,
    accounts: accountBooks(admission, plans),
    grant: ({ book, customerId, kind, amountNanoUsd, expiresAtMs, reference }) =>
      admission.change(
        { book, customerId },
        {
          kind: 'grant',
          credits: kind,
          amountNanoUsd,
          reference,
          ...(expiresAtMs !== undefined && { expiresAtMs }),
        },
      ),
    showAccount: (book, customerId) => readAccount(pool, { book, customerId }),
    why: (requestId) => why(pool, requestId),
    async audit(input) {
      const proof = await audit(pool, { ...input, readHolds: heldRequests });
      return { ...proof, text: auditText(proof) };
    },
    async receipt(caller, requestId) {
      const id = parseId('request', requestId);
      return id && readReceipt(pool, caller, id, (answered) => publicModel(catalog(), answered));
    },
    async accrue(book) {
      const nowMs = clock.nowMs();
      let count = 0;
      for (;;) {
        const behind = await accountsBehind(pool, {
          beforeMs: nowMs,
          limit: ACCRUALS_PER_PASS,
          ...(book !== undefined && { book }),
        });
        await Promise.all(
          behind.map((account) => admission.change(account, { kind: 'accrue' }, nowMs)),
        );
        count += behind.length;
        if (behind.length < ACCRUALS_PER_PASS) return count;
      }
    },
    expire: () => expireCredits({ pool, admission, clock }),
    async seal() {
      // An hour later every posting of the day is in, also those that waited for the store.
      const beforeDay = utcDay(clock.nowMs() - SEAL_AFTER_MS);
      // Not the demo: it is booked into days long gone, also while this runs.
      for (const book of ['live', 'test'] as const) await sealLedger(pool, book, beforeDay);
    },
    isReady: () => admission.ready,
    idempotency: (masterKey) => new PostgresIdempotencyStore({ pool, masterKey, clock, random }),
    async close() {
      await admission.drain(CLOSE_DRAIN_MS);
      await admission.close();
    },
  };
}
