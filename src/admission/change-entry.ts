import type { Book } from '#base/book.ts';
import { nanoUsd, ZERO_USD } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import {
  ALLOWANCE_GRANTED,
  CUSTOMER_ALLOWANCE,
  CUSTOMER_BOUGHT,
  CUSTOMER_DEFERRED,
  CUSTOMER_OVERAGE,
  CUSTOMER_PROMOTIONAL,
  PAYMENTS_RECEIVED,
  PROMOTIONAL_EXPENSE,
} from '#ledger/ledger-account.ts';
import type { PlanProgram } from '#plans/compile.ts';
import type { FundsChange } from '#plans/funding.ts';
import type { AccountChange, ChangeResult } from './account-change.ts';
import type { AccountRecord } from './account-record.ts';
import { accrue } from './accrual.ts';
import type { Batch } from './batch.ts';
import type { Operation } from './operation.ts';
import { signedPosting } from './postings.ts';
import { uuidText } from './uuid-text.ts';
import type { Posting } from './write-set.ts';

/** Numbers of a plan's ledger accounts. */
export interface PlanAccounts {
  readonly subscription: number;
  readonly breakage: number;
  readonly usage: number;
  readonly promotional: number;
}

interface ChangeEntryParts {
  readonly operation: Operation;
  readonly change: AccountChange;
  /** The process's clock, or the instant that was given. */
  readonly clockMs: number;
  readonly batch: Batch;
  readonly record: AccountRecord;
  readonly program: PlanProgram;
  readonly accounts: PlanAccounts;
}

/** One change of an account on its way into the books: its postings, rollups and its row of the sequence. */
export class ChangeEntry {
  readonly batch: Batch;
  readonly record: AccountRecord;
  readonly program: PlanProgram;
  readonly accounts: PlanAccounts;
  readonly clockMs: number;
  /** What the change came to, once it is written. */
  result: ChangeResult | undefined;
  readonly #operation: Operation;
  readonly #change: AccountChange;

  constructor(parts: ChangeEntryParts) {
    this.batch = parts.batch;
    this.record = parts.record;
    this.program = parts.program;
    this.accounts = parts.accounts;
    this.clockMs = parts.clockMs;
    this.#operation = parts.operation;
    this.#change = parts.change;
  }

  get book(): Book {
    return this.#operation.book;
  }

  get customer(): string {
    return this.#operation.customer;
  }

  /** Earns the price up to an instant: one posting, and a rollup for each day. */
  earn(toMs: number): Posting[] {
    const { terms, state } = this.record;
    const days = accrue(
      {
        priceNanoUsd: terms.priceNanoUsd,
        accruedNanoUsd: terms.accruedNanoUsd,
        fromMs: terms.accrualFromMs,
        endMs: state.periodEndMs,
        accruedToMs: terms.accruedToMs,
      },
      toMs,
    );
    let earned = 0;
    for (const { atMs, amountNanoUsd } of days) {
      earned += amountNanoUsd;
      this.presence(atMs, amountNanoUsd);
    }
    terms.accruedNanoUsd += earned;
    terms.accruedToMs = Math.max(terms.accruedToMs, Math.min(toMs, state.periodEndMs));
    return [
      {
        kind: 'accrual',
        debit: CUSTOMER_DEFERRED,
        credit: this.accounts.subscription,
        amountNanoUsd: earned,
      },
    ];
  }

  /** A row of the day's revenue, of nothing where nothing was earned: the customer was on the plan. */
  presence(atMs: number, subscription = 0): void {
    this.batch.writes.revenue(
      {
        book: this.book,
        customer: this.customer,
        day: utcDay(atMs),
        planVersion: this.record.planVersion,
      },
      { subscription, breakage: 0, refunded: 0 },
    );
  }

  /** Writes what a change did to the funds, and answers with it. */
  finish(
    funds: FundsChange,
    postings: readonly Posting[],
    sources: Record<'allowance' | 'promotional' | 'bought', number> = DEFAULT_SOURCES,
  ): void {
    const { batch, program, accounts } = this;
    const { breakage } = funds;
    if (breakage.bought > 0) {
      batch.writes.revenue(
        {
          book: this.book,
          customer: this.customer,
          day: utcDay(funds.nowMs),
          planVersion: uuidText(program.planVersionId),
        },
        { subscription: 0, breakage: breakage.bought, refunded: 0 },
      );
    }
    const unbroken = {
      ...funds,
      allowanceNanoUsd: nanoUsd(funds.allowanceNanoUsd + breakage.allowance),
      promotionalNanoUsd: nanoUsd(funds.promotionalNanoUsd + breakage.promotional),
      boughtNanoUsd: nanoUsd(funds.boughtNanoUsd + breakage.bought),
    };
    const kind = this.#change.kind;
    this.write(funds, [
      ...postings,
      ...movedPostings(kind, unbroken, { ...sources, overage: accounts.usage }),
      {
        kind: 'expiry',
        debit: CUSTOMER_ALLOWANCE,
        credit: ALLOWANCE_GRANTED,
        amountNanoUsd: breakage.allowance,
      },
      {
        kind: 'expiry',
        debit: CUSTOMER_PROMOTIONAL,
        credit: PROMOTIONAL_EXPENSE,
        amountNanoUsd: breakage.promotional,
      },
      {
        kind: 'expiry',
        debit: CUSTOMER_BOUGHT,
        credit: accounts.breakage,
        amountNanoUsd: breakage.bought,
      },
    ]);
    this.answerWith(funds, 0);
  }

  write(funds: FundsChange, postings: readonly Posting[], event?: string): void {
    const { batch, record } = this;
    const { kind } = this.#change;
    batch.touch(this.#operation, 'terms');
    batch.writes.transfers(
      record,
      { seq: funds.seq, atMs: funds.nowMs, event: event ?? null },
      postings,
    );
    batch.writes.operation([
      this.book,
      this.customer,
      funds.seq,
      utcDay(funds.nowMs),
      this.clockMs,
      funds.nowMs,
      batch.ordinal,
      kind,
      event ?? null,
      record.planVersion,
      JSON.stringify(this.#change),
    ]);
  }

  answerWith(funds: FundsChange, refunded: number): void {
    this.result = {
      seq: funds.seq,
      atMs: funds.nowMs,
      remainingNanoUsd: nanoUsd(this.record.state.availableNanoUsd(funds.nowMs)),
      refundedNanoUsd: nanoUsd(refunded),
    };
  }
}

/** The funds of a change that moves none. */
export const UNMOVED = {
  allowanceNanoUsd: ZERO_USD,
  promotionalNanoUsd: ZERO_USD,
  boughtNanoUsd: ZERO_USD,
  overageNanoUsd: ZERO_USD,
  breakage: { allowance: ZERO_USD, promotional: ZERO_USD, bought: ZERO_USD },
};

/** Where a period's credits come from; what they pay off of a debt comes from there too. */
const DEFAULT_SOURCES = {
  allowance: ALLOWANCE_GRANTED,
  promotional: PROMOTIONAL_EXPENSE,
  bought: ALLOWANCE_GRANTED,
};

/** The price of a period as it is received, or given back where it is negative. */
export function priceReceived(priceNanoUsd: number): Posting[] {
  return [
    signedPosting('price', { bucket: CUSTOMER_DEFERRED, source: PAYMENTS_RECEIVED }, priceNanoUsd),
  ];
}

export function movedPostings(
  kind: string,
  funds: Pick<
    FundsChange,
    'allowanceNanoUsd' | 'promotionalNanoUsd' | 'boughtNanoUsd' | 'overageNanoUsd'
  >,
  sources: Record<'allowance' | 'promotional' | 'bought' | 'overage', number>,
): Posting[] {
  return [
    signedPosting(
      kind,
      { bucket: CUSTOMER_ALLOWANCE, source: sources.allowance },
      funds.allowanceNanoUsd,
    ),
    signedPosting(
      kind,
      { bucket: CUSTOMER_PROMOTIONAL, source: sources.promotional },
      funds.promotionalNanoUsd,
    ),
    signedPosting(kind, { bucket: CUSTOMER_BOUGHT, source: sources.bought }, funds.boughtNanoUsd),
    // What a customer owes grows the other way round.
    signedPosting(
      kind,
      { bucket: CUSTOMER_OVERAGE, source: sources.overage },
      0 - funds.overageNanoUsd,
    ),
  ];
}
