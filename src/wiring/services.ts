import type { Pool } from 'pg';
import { createApiKey, rotateApiKey } from '#accounts/api-keys.ts';
import { listApiKeys, revokeApiKey } from '#accounts/api-keys.store.ts';
import {
  insertCustomer,
  insertMember,
  listCustomers,
  listMembers,
  readCustomer,
} from '#accounts/customers.store.ts';
import { recordOperatorAction } from '#accounts/operator-actions.store.ts';
import {
  findOperatorKeyBySecret,
  insertOperatorKey,
  listOperatorKeys,
  revokeOperatorKey,
} from '#accounts/operator-keys.store.ts';
import { newOperatorSecret, secretSha256 } from '#accounts/secret.ts';
import { deleteSupplierSecret, saveSupplierSecret } from '#accounts/supplier-secrets.store.ts';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { newId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { utcDay } from '#base/utc-day.ts';
import type { Catalog } from '#catalog/catalog.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import { pnl } from '#economics/pnl.ts';
import type { Services } from '#http/services.ts';
import {
  changeSubscription,
  subscribe,
  type SubscriptionDeps,
} from '#subscriptions/subscriptions.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import { backupTo } from './backup-to.ts';
import { localServerServices } from './local-servers.ts';
import { offerServices } from './offer-services.ts';
import type { PlanBook } from './plan-book.ts';

export interface ServiceParts {
  readonly pool: Pool;
  readonly address: DatabaseAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly masterKey: Buffer;
  readonly catalog: () => Catalog;
  readonly plans: PlanBook;
  readonly supplierKeys: () => ReadonlyMap<string, string>;
  readonly localPorts: readonly number[];
  /** Reads catalogue, suppliers' keys and plans again, after a change made here; other processes hear by notification. */
  readonly reload: () => Promise<void>;
  readonly subscriptions: SubscriptionDeps;
  readonly grant: Services['customers']['grant'];
  readonly showAccount: (
    ...subject: Parameters<Services['customers']['show']>
  ) => Promise<object | undefined>;
  readonly why: Services['books']['why'];
  readonly accrue: (book: Book) => Promise<number>;
  readonly audit: Services['books']['audit'];
  readonly demo: Services['demo'];
  readonly lab: Services['lab'];
  readonly schedules: Services['schedules'];
  readonly health: Services['health'];
  readonly chat: Services['chat'];
  readonly people: Pick<Services, 'console' | 'identity' | 'mail' | 'me' | 'planRequests'>;
}

const DAY_MS = 86_400_000;
const REPORT_DAYS = 30;

/** Everything that the operator's API can do, made of the rooms. */
export function createServices(parts: ServiceParts): Services {
  const { pool, clock, random } = parts;
  const keyDeps = { pool, clock, random };
  const offer = offerServices(parts);
  return {
    chat: parts.chat,
    customers: {
      async create({ plan, timeZone, ...input }) {
        const id = newId('customer', clock, random);
        await insertCustomer(pool, { ...input, email: input.email, id });
        const subscription = await subscribe(parts.subscriptions, {
          book: input.book,
          customerId: id,
          plan,
          timeZone,
        });
        return { ...subscription, id, plan, customerId: id };
      },
      list: (input) => listCustomers(pool, input),
      async show(book, id) {
        const customer = await readCustomer(pool, book, id);
        const subscription = await subscriptionInForce(pool, book, id);
        const plan = subscription && parts.plans.plan(subscription.planVersionId);
        return {
          ...customer,
          plan: plan && `${plan.plan} v${plan.version}`,
          subscription,
          account: await parts.showAccount(book, id),
          keys: await listApiKeys(pool, book, id),
        };
      },
      changePlan: (input) => changeSubscription(parts.subscriptions, input),
      grant: parts.grant,
      async addMember(input) {
        const member = { ...input, id: newId('member', clock, random), email: input.email };
        await insertMember(pool, member);
        return member;
      },
      members: (book, customerId) => listMembers(pool, book, customerId),
    },
    keys: {
      create: (input) => createApiKey(keyDeps, input),
      list: (book, customerId) => listApiKeys(pool, book, customerId),
      rotate: (id, graceMs) => rotateApiKey(keyDeps, id, { graceMs }),
      revoke: (id) => revokeApiKey(pool, id, { at: new Date(clock.nowMs()) }),
    },
    operators: {
      async create({ name, role }) {
        const { secret, prefix, sha256 } = newOperatorSecret(random);
        const key = { id: newId('operatorKey', clock, random), name, role, prefix };
        await insertOperatorKey(pool, key, sha256);
        return { key: { ...key, revokedAt: undefined }, secret };
      },
      list: () => listOperatorKeys(pool),
      revoke: (id) => revokeOperatorKey(pool, id),
      find: (secret) => findOperatorKeyBySecret(pool, secretSha256(secret)),
      record: (action) => recordOperatorAction(pool, action),
    },
    suppliers: {
      async setKey(supplier, key) {
        const reference = keyReference(parts.catalog(), supplier);
        await saveSupplierSecret(
          pool,
          { supplier: reference, key },
          { masterKey: parts.masterKey, random },
        );
        await parts.reload();
      },
      async removeKey(supplier) {
        await deleteSupplierSecret(pool, keyReference(parts.catalog(), supplier));
        await parts.reload();
      },
      list: async () =>
        [...parts.catalog().suppliers.values()].map(
          ({ id, baseUrl, protocol, keyRef, enabled }) => ({
            id,
            protocol,
            baseUrl: baseUrl ?? '(in this process)',
            enabled,
            hasKey: keyRef !== undefined && parts.supplierKeys().has(keyRef),
          }),
        ),
    },
    localServers: localServerServices({ ...parts, ports: parts.localPorts, offer }),
    offer,
    books: {
      async pnl({ fromMs, toMs, ...input }) {
        const nowMs = clock.nowMs();
        await parts.accrue(input.book);
        return pnl(pool, {
          ...input,
          fromDay: utcDay(fromMs ?? nowMs - (REPORT_DAYS - 1) * DAY_MS),
          toDay: utcDay(toMs ?? nowMs + DAY_MS),
        });
      },
      why: parts.why,
      audit: parts.audit,
      backup: (path) => backupTo({ address: parts.address, path, clock }),
    },
    demo: parts.demo,
    lab: parts.lab,
    schedules: parts.schedules,
    health: parts.health,
    ...parts.people,
  };
}

function keyReference(catalog: Catalog, supplier: string): string {
  const known = catalog.suppliers.get(supplier);
  if (!known) {
    const names = [...catalog.suppliers.keys()].join(', ');
    throw new DomainError('not_found', `There is no supplier ${supplier}; there are ${names}.`);
  }
  if (known.keyRef === undefined) {
    throw new DomainError('invalid_request', `The supplier ${supplier} needs no key.`, {
      field: 'supplier',
    });
  }
  return known.keyRef;
}
