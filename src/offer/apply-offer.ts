import type { Pool, PoolClient } from 'pg';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import {
  announceCatalogChange,
  loadCatalog,
  lockCatalog,
  publishPrices,
  replaceOffering,
  replacePriceNames,
  setWithdrawn,
} from '#catalog/catalog.store.ts';
import { transaction, withStore } from '#db/pool.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import {
  insertPlanVersion,
  makePlanVersionCurrent,
  readPlanVersions,
  withdrawPlan,
} from '#subscriptions/plans.store.ts';
import { loadOffer } from './load-offer.ts';
import {
  diffOffers,
  isUnchanged,
  type OfferDiff,
  type OfferState,
  type PlanChange,
} from './offer-diff.ts';
import {
  insertOffer,
  markUndone,
  nextOfferVersion,
  readOffer,
  readOfferInForce,
} from './offer.store.ts';
import type { Offer } from './offer.ts';

export interface ApplyOptions {
  readonly clock: Clock;
  /** Who applies it, for the record. */
  readonly appliedBy: string;
  /** Lets prices take effect before, or replace, published ones. */
  readonly correction?: boolean;
}

/** What an application did. */
export interface OfferApplied {
  /** The number of the document in force. */
  readonly version: number;
  readonly diff: OfferDiff;
  /** False where the document said what was in force already; nothing was written then. */
  readonly changed: boolean;
}

/**
 * What applying a document would change.
 * @throws DomainError `store_unavailable`
 */
export function diffOffer(
  pool: Pool,
  offer: Offer,
  options: { readonly clock: Clock; readonly correction?: boolean },
): Promise<OfferDiff> {
  const { clock, correction = false } = options;
  return transaction(pool, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    return diffOffers(offer, await readState(client), { nowMs: clock.nowMs(), correction });
  });
}

/**
 * Publishes a document whole or not at all: new versions of the prices and plans that differ, and its
 * suppliers, models and routes instead of those in force. Existing subscriptions keep their versions.
 * Every process hears of it on {@link CATALOG_CHANNEL}.
 *
 * @throws DomainError `invalid_configuration` where the diff has refusals, `invalid_price` on a price
 *   that the price book does not take, `store_unavailable`; nothing is changed then.
 */
export function applyOffer(pool: Pool, offer: Offer, options: ApplyOptions): Promise<OfferApplied> {
  return transaction(pool, (client) => applyOfferIn(client, offer, options));
}

/** As {@link applyOffer}, within a transaction of the caller's. */
export async function applyOfferIn(
  client: PoolClient,
  offer: Offer,
  options: ApplyOptions,
): Promise<OfferApplied> {
  const { clock, appliedBy, correction = false } = options;
  await lockCatalog(client);
  const nowMs = clock.nowMs();
  const state = await readState(client);
  const diff = diffOffers(offer, state, { nowMs, correction });
  if (diff.refusals.length > 0) {
    throw new DomainError(
      'invalid_configuration',
      `the document cannot be applied:\n${diff.refusals.join('\n')}`,
    );
  }
  const previous = await readOfferInForce(client);
  if (previous?.document === offer.document && isUnchanged(diff)) {
    return { version: previous.version, diff, changed: false };
  }
  const versions = diff.prices.map((change) => change.version);
  const { prices } = state.catalog;
  const withdrawnPrices = await publishPrices(client, versions, { prices, correction, nowMs });
  await replaceCatalog(client, offer);
  for (const change of diff.plans) await publishPlan(client, change);
  await insertOffer(client, {
    version: state.nextVersion,
    document: offer.document,
    appliedAtMs: nowMs,
    appliedBy,
    previous: previous?.version,
    publishedPrices: versions.map(({ id }) => id),
    withdrawnPrices,
    plansBefore: Object.fromEntries(diff.plans.map(({ plan, from }) => [plan, from?.id ?? null])),
  });
  await announceCatalogChange(client);
  return { version: state.nextVersion, diff, changed: true };
}

async function publishPlan(
  client: PoolClient,
  { plan, version, published }: PlanChange,
): Promise<void> {
  if (version === undefined) {
    await withdrawPlan(client, plan);
    return;
  }
  const { id, version: number } = version;
  if (!published) await insertPlanVersion(client, { id, plan, version: number, body: version });
  await makePlanVersionCurrent(client, plan, id);
}

/**
 * Points back to the document before the one in force: its suppliers, models and routes return, plans
 * point at the versions they had, and the prices that the document published go out of force. What was
 * charged meanwhile stays as it is.
 *
 * @throws DomainError `conflict` where there is nothing to go back to, `store_unavailable`.
 */
export function undoOffer(
  pool: Pool,
  { clock }: { readonly clock: Clock },
): Promise<{ readonly version: number; readonly undone: number }> {
  return transaction(pool, async (client) => {
    await lockCatalog(client);
    const current = await readOfferInForce(client);
    if (current === undefined) {
      throw new DomainError('conflict', 'No document has been applied yet.');
    }
    // Before the first one nothing was offered: going back there would take the service away from
    // everyone who subscribed meanwhile.
    const previous =
      current.previous === undefined ? undefined : await readOffer(client, current.previous);
    if (previous === undefined) {
      throw new DomainError(
        'conflict',
        `Document ${current.version} is the first one: there is none before it to go back to. ` +
          'To offer something else, apply another document.',
      );
    }
    const nowMs = clock.nowMs();
    await setWithdrawn(client, current.publishedPrices, new Date(nowMs));
    await setWithdrawn(client, current.withdrawnPrices, null);
    await replaceCatalog(client, loadOffer(previous.document, `offer ${previous.version}`));
    for (const [plan, id] of Object.entries(current.plansBefore)) {
      if (id === null) await withdrawPlan(client, plan);
      else await makePlanVersionCurrent(client, plan, id);
    }
    await markUndone(client, { version: current.version, previous: previous.version, nowMs });
    await announceCatalogChange(client);
    return { version: previous.version, undone: current.version };
  });
}

async function replaceCatalog(client: PoolClient, offer: Offer): Promise<void> {
  await replaceOffering(client, offer);
  await replacePriceNames(client, offer.priceNames);
}

/** What is in force, read in one transaction. */
function readState(client: PoolClient): Promise<OfferState> {
  return withStore(async () => {
    const stored = await readPlanVersions(client);
    const current = stored.filter((version) => version.current);
    return {
      catalog: await loadCatalog(client),
      planVersions: stored.map(({ body }) => parsePlanVersion(body)),
      currentPlans: new Map<string, Id<'planVersion'>>(current.map(({ plan, id }) => [plan, id])),
      nextVersion: await nextOfferVersion(client),
    };
  });
}
