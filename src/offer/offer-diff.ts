import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Id, namedId } from '#base/id.ts';
import type { Catalog } from '#catalog/catalog.ts';
import { PriceBook } from '#catalog/price-book.ts';
import { describeRateChange, diffRates, type RateChange } from '#catalog/price-diff.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { PriceVersion } from '#pricing/price.ts';
import type { Offer, OfferedPrice, PlanTerms } from './offer.ts';
import { planChangeText } from './plan-change-text.ts';

/** A supplier, model or route that differs. */
export interface CatalogChange {
  readonly kind: 'supplier' | 'model' | 'route';
  readonly name: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly fields: readonly FieldChange[];
}

/** One field of anything, old and new; `undefined` where it is not there. */
export interface FieldChange {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface PriceChange {
  readonly supplier: string;
  readonly model: string;
  readonly change: 'added' | 'changed';
  readonly effectiveFromMs: number;
  readonly rates: readonly RateChange[];
  /** What would be published. */
  readonly version: PriceVersion;
}

export interface PlanChange {
  readonly plan: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** The version that becomes current; `undefined` where the plan is removed. */
  readonly version: PlanVersion | undefined;
  /** True where that version was published before, and is only pointed at again. */
  readonly published: boolean;
  readonly from: PlanVersion | undefined;
  readonly fields: readonly FieldChange[];
}

/** What applying a document would change. */
export interface OfferDiff {
  readonly catalog: readonly CatalogChange[];
  readonly prices: readonly PriceChange[];
  readonly plans: readonly PlanChange[];
  /** Why it cannot be applied as it is; empty where it can. */
  readonly refusals: readonly string[];
}

/** What is in force now, and what was ever published. */
export interface OfferState {
  readonly catalog: Catalog;
  /** All versions of all plans. */
  readonly planVersions: readonly PlanVersion[];
  /** Plan to the version that new subscribers get. */
  readonly currentPlans: ReadonlyMap<string, Id<'planVersion'>>;
  /** The number that the offer will have; makes the ids of what it publishes. */
  readonly nextVersion: number;
}

/** Compares a document with what is in force; changes nothing. */
export function diffOffers(
  offer: Offer,
  state: OfferState,
  { nowMs, correction = false }: { readonly nowMs: number; readonly correction?: boolean },
): OfferDiff {
  const refusals: string[] = [];
  const prices = offer.prices.flatMap((price) =>
    priceChange(price, { state, nowMs, correction, refusals }),
  );
  refusals.push(...unpricedRoutes(offer, state, prices));
  return {
    catalog: catalogChanges(offer, state.catalog),
    prices,
    plans: planChanges(offer, state),
    refusals,
  };
}

/** True where applying would change nothing at all. */
export function isUnchanged({ catalog, prices, plans }: OfferDiff): boolean {
  return catalog.length === 0 && prices.length === 0 && plans.length === 0;
}

function priceChange(
  price: OfferedPrice,
  context: {
    readonly state: OfferState;
    readonly nowMs: number;
    readonly correction: boolean;
    readonly refusals: string[];
  },
): readonly PriceChange[] {
  const { state, nowMs, correction, refusals } = context;
  const { supplier, model } = price;
  const existing = state.catalog.prices.versions(supplier, model);
  const last = existing.at(-1);
  const change = (
    rates: readonly RateChange[],
    effectiveFromMs: number,
  ): readonly PriceChange[] => {
    const id = offeredPriceId({ ...price, effectiveFromMs }, state.nextVersion);
    const version = { ...price, effectiveFromMs, id };
    return [
      { supplier, model, change: last ? 'changed' : 'added', effectiveFromMs, rates, version },
    ];
  };
  if (last === undefined) {
    return change(diffRates({ serviceTiers: {}, dayWindows: [] }, price), price.effectiveFromMs);
  }
  if (correction) {
    const then = existing.findLast((version) => version.effectiveFromMs <= price.effectiveFromMs);
    const rates = diffRates(then ?? last, price);
    return rates.length === 0 ? [] : change(rates, price.effectiveFromMs);
  }
  const rates = diffRates(last, price);
  if (rates.length === 0) return [];
  // A date that has a price already means: from now on. What was billed under it stays as it was.
  const effectiveFromMs =
    price.effectiveFromMs > last.effectiveFromMs ? price.effectiveFromMs : nowMs;
  if (effectiveFromMs > last.effectiveFromMs) return change(rates, effectiveFromMs);
  refusals.push(
    `${supplier}/${model}: the price book has a price from ${dateOf(last.effectiveFromMs)}, which is still to come; ` +
      'give a later date, or apply as a correction',
  );
  return [];
}

function offeredPriceId(price: OfferedPrice, version: number): Id<'priceVersion'> {
  const text = JSON.stringify([version, price]);
  return namedId(
    'priceVersion',
    createHash('sha256').update(text).digest('hex'),
    Math.max(0, price.effectiveFromMs),
  );
}

/** A route without a price could only be refused, request by request; so the document is, once. */
function unpricedRoutes(
  offer: Offer,
  state: OfferState,
  changes: readonly PriceChange[],
): readonly string[] {
  const book = new PriceBook(
    [...state.catalog.prices, ...changes.map(({ version }) => version)],
    [...state.catalog.prices.nameRules, ...offer.priceNames],
  );
  return offer.routes
    .filter(({ supplier, upstreamModel }) => book.modelOf(supplier, upstreamModel) === undefined)
    .map(({ model, supplier, upstreamModel }) => {
      return `${model}: there is no price for ${upstreamModel} at ${supplier}; add one under prices.${supplier}.models`;
    });
}

function catalogChanges(offer: Offer, catalog: Catalog): readonly CatalogChange[] {
  return [
    ...changesOf('supplier', catalog.data.suppliers, offer.suppliers, ({ id }) => id),
    ...changesOf('model', catalog.data.models, offer.models, ({ name }) => name),
    ...changesOf(
      'route',
      catalog.data.routes,
      offer.routes,
      ({ model, supplier, upstreamModel }) => `${model} → ${supplier}/${upstreamModel}`,
    ),
  ];
}

function changesOf<T extends object>(
  kind: CatalogChange['kind'],
  before: readonly T[],
  after: readonly T[],
  nameOf: (item: T) => string,
): readonly CatalogChange[] {
  const old = new Map(before.map((item) => [nameOf(item), item]));
  const fresh = new Map(after.map((item) => [nameOf(item), item]));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap(
    (name): readonly CatalogChange[] => {
      const from = old.get(name);
      const to = fresh.get(name);
      const fields = fieldChanges(from ?? {}, to ?? {});
      if (fields.length === 0) return [];
      const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'changed';
      return [{ kind, name, change, fields }];
    },
  );
}

function planChanges(offer: Offer, state: OfferState): readonly PlanChange[] {
  const byPlan = Map.groupBy(state.planVersions, ({ plan }) => plan);
  const offered = new Set(offer.plans.map(({ plan }) => plan));
  const removed = [...state.currentPlans.keys()].filter((plan) => !offered.has(plan));
  return [
    ...offer.plans.flatMap((terms) => planChange(terms, byPlan.get(terms.plan) ?? [], state)),
    ...removed.map((plan): PlanChange => {
      const from = state.planVersions.find(({ id }) => id === state.currentPlans.get(plan));
      return { plan, change: 'removed', version: undefined, published: false, from, fields: [] };
    }),
  ];
}

function planChange(
  terms: PlanTerms,
  versions: readonly PlanVersion[],
  state: OfferState,
): readonly PlanChange[] {
  const { plan } = terms;
  const from = versions.find(({ id }) => id === state.currentPlans.get(plan));
  const same = versions.findLast((version) => isDeepStrictEqual(termsOf(version), terms));
  if (same !== undefined && same === from) return [];
  const number = Math.max(0, ...versions.map(({ version }) => version)) + 1;
  const id = namedId('planVersion', JSON.stringify([plan, number, terms]));
  const version = same ?? { ...terms, id, version: number };
  const fields = fieldChanges(from === undefined ? {} : termsOf(from), terms);
  const change = from === undefined ? 'added' : 'changed';
  return [{ plan, change, version, published: same !== undefined, from, fields }];
}

function termsOf({ id: _id, version: _version, ...terms }: PlanVersion): PlanTerms {
  return terms;
}

function fieldChanges(from: object, to: object): readonly FieldChange[] {
  const before = new Map<string, unknown>(Object.entries(from));
  const after = new Map<string, unknown>(Object.entries(to));
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, from: before.get(field), to: after.get(field) }))
    .filter((change) => !isDeepStrictEqual(change.from, change.to));
}

const SIGN = { added: '+', changed: '~', removed: '-' };

/** The diff for people, one change a line and its figures indented below it. */
export function describeOfferDiff(diff: OfferDiff): string {
  const lines: string[] = [];
  for (const { kind, name, change, fields } of diff.catalog) {
    lines.push(`${SIGN[change]} ${kind} ${name}`);
    if (change === 'changed') lines.push(...fields.map(describeField));
  }
  for (const { supplier, model, change, effectiveFromMs, rates } of diff.prices) {
    lines.push(`${SIGN[change]} price ${supplier}/${model} from ${dateOf(effectiveFromMs)}`);
    if (change === 'changed') lines.push(...rates.map((rate) => `    ${describeRateChange(rate)}`));
  }
  for (const { plan, change, version, published, from } of diff.plans) {
    const as =
      version === undefined
        ? ''
        : ` as version ${version.version}${published ? ' (published before)' : ''}`;
    lines.push(`${SIGN[change]} plan ${plan}${as}`);
    if (from !== undefined && version !== undefined)
      lines.push(...planChangeText(from, version).map((line) => `    ${line}`));
  }
  for (const refusal of diff.refusals) lines.push(`! ${refusal}`);
  return lines.length === 0 ? 'nothing would change' : lines.join('\n');
}

function describeField({ field, from, to }: FieldChange): string {
  return `    ${field}: ${describeValue(from)} → ${describeValue(to)}`;
}

function describeValue(value: unknown): string {
  if (value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function dateOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T00:00:00.000Z', '');
}
