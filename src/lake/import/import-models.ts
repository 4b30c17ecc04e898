import type { Catalog, ServedModel, ServingRoute } from '#catalog/catalog.ts';
import { DomainError } from '#base/domain-error.ts';
import type { ImportedModel } from './import.store.ts';

/** Where the cost of a model's requests comes from. */
export type CostSource = 'price book' | 'cost column';

/** A model of the file, as the catalogue has it. */
export interface ResolvedModel extends ImportedModel {
  /** Absent: the catalogue does not know it, and its cost column counts. */
  readonly served: { readonly model: ServedModel; readonly route: ServingRoute } | undefined;
  readonly className: string;
  readonly costFrom: CostSource;
}

export interface ModelRules {
  /** Names of the file that mean a model of the catalogue. */
  readonly aliases: Readonly<Record<string, string>>;
  /** What to do with a model that the catalogue does not know. */
  readonly unknown: 'refuse' | 'skip' | 'cost-column';
  /** `cost-column`: what the file says that a request cost is its cost. */
  readonly costs: 'price-book' | 'cost-column';
  /** `now`: at the prices in force now; `then`: at those of each request's own instant. */
  readonly prices: 'now' | 'then';
  readonly nowMs: number;
}

/**
 * Finds each model of a file in the catalogue: by its public name or alias, by what its supplier calls
 * it, with or without a date and the vendor's prefix (`openai/gpt-5-2025-08-07`).
 * @returns the models that are imported; those that are skipped are left out
 * @throws DomainError `model_not_found` on models that nobody knows, `unknown_price` where one has no
 *   price at its first request, or no cost in the column that is to say it
 */
export function resolveModels(
  models: readonly ImportedModel[],
  catalog: Catalog,
  rules: ModelRules,
): readonly ResolvedModel[] {
  const found = models.map((model) => ({
    ...model,
    served: serving(rules.aliases[model.name] ?? model.name, catalog, rules.nowMs),
  }));
  const unknown = found.filter(({ served }) => served === undefined);
  if (unknown.length > 0 && rules.unknown === 'refuse') {
    const names = unknown.map(({ name, requests }) => `${name} (${requests.toLocaleString('en')})`);
    throw new DomainError(
      'model_not_found',
      `The catalogue does not know ${unknown.length === 1 ? 'this model' : 'these models'}: ${names.join(', ')}. Say what they are (--models NAME=MODEL), put them into breakeven.yaml, or say --unknown skip or --unknown cost-column.`,
      { field: 'models' },
    );
  }
  const most = found.find(({ served }) => served !== undefined)?.served;
  const otherClass = most?.model.model.className ?? 'standard';
  const kept = found
    .filter(({ served }) => served !== undefined || rules.unknown === 'cost-column')
    .map(({ served, ...model }) => ({
      ...model,
      served,
      className: served?.model.model.className ?? otherClass,
      costFrom: costSource(served === undefined || rules.costs === 'cost-column'),
    }));
  for (const each of kept) requireCost(each, catalog, rules);
  return kept;
}

function costSource(isColumn: boolean): CostSource {
  return isColumn ? 'cost column' : 'price book';
}

function requireCost(each: ResolvedModel, catalog: Catalog, rules: ModelRules): void {
  const { name, served, fromMs, withoutCost } = each;
  if (each.costFrom === 'cost column') {
    if (withoutCost === 0) return;
    throw new DomainError(
      'unknown_price',
      `${withoutCost.toLocaleString('en')} requests of ${name} say no cost, and their cost was to be taken from the file.`,
      { field: 'cost' },
    );
  }
  const atMs = rules.prices === 'now' ? rules.nowMs : fromMs;
  if (served !== undefined && catalog.priceOfRoute(served.route, atMs) !== undefined) return;
  const day = new Date(atMs).toISOString().slice(0, 10);
  throw new DomainError(
    'unknown_price',
    `The price book has no price of ${name} on ${day}.${rules.prices === 'then' ? ' To take the prices in force now: --prices now.' : ''}`,
    { field: 'prices' },
  );
}

function serving(name: string, catalog: Catalog, nowMs: number): ResolvedModel['served'] {
  const short = name.slice(name.lastIndexOf('/') + 1);
  for (const each of [name, short]) {
    const model = catalog.resolve(each);
    if (model !== undefined) return routed(model, catalog, nowMs);
  }
  for (const each of [name, short]) {
    for (const model of catalog.models.values()) {
      for (const route of model.routes) {
        const priced = catalog.prices.modelOf(route.supplier.id, each);
        if (priced !== undefined && priced === route.pricedModel) return { model, route };
      }
    }
  }
  return undefined;
}

function routed(model: ServedModel, catalog: Catalog, nowMs: number): ResolvedModel['served'] {
  const { routes } = model;
  const route = routes.find((each) => catalog.priceOfRoute(each, nowMs) !== undefined) ?? routes[0];
  return route && { model, route };
}
