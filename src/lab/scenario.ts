import { isDeepStrictEqual } from 'node:util';
import type { Id } from '#base/id.ts';
import type { Catalog } from '#catalog/catalog.ts';
import { PriceBook } from '#catalog/price-book.ts';
import { Catalog as CatalogSnapshot } from '#catalog/catalog.ts';
import { isImported } from '#lake/import/import-book.ts';
import type { Offer, PlanTerms } from '#offer/offer.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { PriceVersion } from '#pricing/price.ts';
import {
  type ClassPrice,
  classPrices,
  priceOf,
  type TokenRates,
  tokenRates,
} from './class-prices.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { Tape, TapeFacts } from './tape.ts';
import { demandKnownOf, fillUnseenDemand } from './unseen-demand.ts';

/** All that a scenario is made from: the book, what was in force, and what it all costs. */
export interface LabBasis<Book extends TapeFacts = TapeFacts> {
  readonly tape: Book;
  readonly catalog: Catalog;
  /** Every plan version of the tape. */
  readonly plans: readonly PlanVersion[];
  readonly classNames: readonly string[];
  readonly classPrices: readonly ClassPrice[];
  readonly demandKnown: readonly boolean[];
  readonly atMs: number;
}

interface BasisInput<Book extends TapeFacts> {
  readonly tape: Book;
  readonly catalog: Catalog;
  readonly planVersions: readonly PlanVersion[];
  readonly atMs: number;
}

/** Makes a tape ready: prices every class that any plan or model names, fills in unseen demand. */
export function labBasis(input: BasisInput<Tape>): LabBasis<Tape> {
  const basis = bookBasis(input);
  fillUnseenDemand(input.tape, basis.classNames);
  return basis;
}

/** The same of a book whose events are read while they are replayed; who reads them fills in unseen demand. */
export function bookBasis<Book extends TapeFacts>(input: BasisInput<Book>): LabBasis<Book> {
  const { tape, catalog, planVersions, atMs } = input;
  const ids = new Set(tape.segments.map(({ planVersionId }) => planVersionId));
  const plans = planVersions.filter(({ id }) => ids.has(id));
  const known = [...catalog.models.values()].map(({ model }) => model.className);
  const named = planVersions.flatMap((plan) => plan.classes.map(({ name }) => name));
  const classNames = [...new Set([...tape.classNames, ...named, ...known])];
  return {
    tape,
    catalog,
    plans,
    classNames,
    classPrices: classPrices(tape, classNames, catalog, atMs),
    demandKnown: demandKnownOf(tape, classNames),
    atMs,
  };
}

export interface ScenarioChanges {
  /** Terms that replace those of the plan of that name, in every version. */
  readonly plans: readonly PlanTerms[];
  /** Prices that suppliers ask instead of those in force. */
  readonly prices: readonly Omit<PriceVersion, 'id'>[];
  readonly deferredShare: number;
  readonly seed: number;
  readonly fromMs: number;
}

export const NO_CHANGES: ScenarioChanges = {
  plans: [],
  prices: [],
  deferredShare: 0,
  seed: 1,
  fromMs: 0,
};

/**
 * The plan in force over the recorded candidates and amounts: what must reproduce the books. Use that
 * was imported has no decisions on record: everything was served, whatever limits the plan has here.
 */
export function recordedSpec(basis: LabBasis, fromMs = 0): ReplaySpec {
  const spec = scenarioSpec(basis, { ...NO_CHANGES, fromMs });
  if (!isImported(basis.tape.book)) return { ...spec, recorded: true };
  return { ...spec, plans: spec.plans.map((plan) => ({ ...plan, gates: [] })) };
}

/** A scenario over a tape. */
export function scenarioSpec(basis: LabBasis, changes: ScenarioChanges): ReplaySpec {
  const terms = new Map(changes.plans.map((plan) => [plan.plan, plan]));
  const plans = basis.plans.map((plan) => withTerms(plan, terms.get(plan.plan)));
  const changed = plans.filter((plan, index) => plan !== basis.plans[index]).map(({ id }) => id);
  const catalog = changes.prices.length === 0 ? basis.catalog : repriced(basis, changes.prices);
  return {
    recorded: false,
    plans,
    changed,
    classNames: basis.classNames,
    classPrices:
      catalog === basis.catalog
        ? basis.classPrices
        : classPrices(basis.tape, basis.classNames, catalog, basis.atMs),
    demandKnown: basis.demandKnown,
    modelRates: basis.tape.models.map((model) => otherRates(basis, catalog, model)),
    deferredShare: changes.deferredShare,
    seed: changes.seed,
    fromMs: changes.fromMs,
    accountsOnly: false,
  };
}

/** What a document changes of the plans and prices that the tape was recorded under. */
export function changesOf(
  basis: LabBasis,
  offer: Offer,
): Pick<ScenarioChanges, 'plans' | 'prices'> {
  const plans = offer.plans.filter((terms) =>
    basis.plans.some(
      (plan) => plan.plan === terms.plan && !isDeepStrictEqual(termsOf(plan), terms),
    ),
  );
  const prices = offer.prices.filter((price) => {
    const inForce = basis.catalog.prices.at(price.supplier, price.model, basis.atMs);
    return (
      inForce !== undefined &&
      (!isDeepStrictEqual(inForce.serviceTiers, price.serviceTiers) ||
        !isDeepStrictEqual(inForce.dayWindows, price.dayWindows))
    );
  });
  return { plans, prices };
}

export function termsOf({ id: _id, version: _version, ...terms }: PlanVersion): PlanTerms {
  return terms;
}

/** The version itself where the terms are its own. */
function withTerms(plan: PlanVersion, terms: PlanTerms | undefined): PlanVersion {
  if (terms === undefined || isDeepStrictEqual(termsOf(plan), terms)) return plan;
  return { ...terms, plan: plan.plan, id: plan.id, version: plan.version };
}

function repriced(basis: LabBasis, prices: readonly Omit<PriceVersion, 'id'>[]): Catalog {
  const book = basis.catalog.prices;
  const changed = new Set(prices.map(({ supplier, model }) => `${supplier}/${model}`));
  const kept = [...book].filter(({ supplier, model }) => !changed.has(`${supplier}/${model}`));
  const versions = prices.map((price) => ({
    ...price,
    id: `scenario ${price.supplier}/${price.model}` as Id<'priceVersion'>,
    // It is asked what the past would have cost at this price.
    effectiveFromMs: 0,
  }));
  return new CatalogSnapshot({
    ...basis.catalog.data,
    prices: new PriceBook([...kept, ...versions], book.nameRules),
  });
}

function otherRates(basis: LabBasis, catalog: Catalog, model: string): TokenRates | undefined {
  if (catalog === basis.catalog) return undefined;
  const before = ratesOf(basis.catalog, model, basis.atMs);
  const after = ratesOf(catalog, model, basis.atMs);
  return after === undefined || isDeepStrictEqual(before, after) ? undefined : after;
}

function ratesOf(catalog: Catalog, model: string, atMs: number): TokenRates | undefined {
  const served = catalog.models.get(model);
  const price = served && priceOf(catalog, served, atMs);
  return price && tokenRates(price);
}
