import type { PriceOf } from '#pricing/cost.ts';
import type { PriceVersion } from '#pricing/price.ts';
import type { Model, Route } from './model.ts';
import type { PriceBook } from './price-book.ts';
import { serviceTierIn } from './service-tier.ts';
import type { Supplier } from './supplier.ts';

/** A route with all that a request needs to take it. */
export interface ServingRoute {
  readonly route: Route;
  readonly supplier: Supplier;
  /** The name under which the price book keeps the upstream model. */
  readonly pricedModel: string | undefined;
}

/** A model with its usable routes, in the order of trial: priority, then the heavier weight. */
export interface ServedModel {
  readonly model: Model;
  readonly routes: readonly ServingRoute[];
}

export interface CatalogData {
  readonly suppliers: readonly Supplier[];
  readonly models: readonly Model[];
  readonly routes: readonly Route[];
  readonly prices: PriceBook;
  /** Grows with every change of the catalogue. */
  readonly version: number;
  /** Whether a supplier can be called now (its key is there); all that are enabled where absent. */
  readonly usable?: (supplier: Supplier) => boolean;
}

/** A snapshot of the whole catalogue for the hot path; every look-up is a map access. Immutable. */
export class Catalog {
  readonly version: number;
  /** What the snapshot was made of, disabled entries too. */
  readonly data: CatalogData;
  readonly prices: PriceBook;
  readonly suppliers: ReadonlyMap<string, Supplier>;
  /** By public name, in the order of the operator's document: the enabled ones, also those that no route serves now. */
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly #byAnyName = new Map<string, ServedModel>();

  constructor(data: CatalogData) {
    this.version = data.version;
    this.data = data;
    this.prices = data.prices;
    this.suppliers = new Map(data.suppliers.map((supplier) => [supplier.id, supplier]));
    const routes = Map.groupBy(data.routes, (route) => route.model);
    const enabled = data.models.filter((model) => model.enabled);
    this.models = new Map(
      enabled.map((model) => [
        model.name,
        { model, routes: this.#usable(routes.get(model.name) ?? []) },
      ]),
    );
    for (const served of this.models.values()) {
      for (const alias of served.model.aliases) this.#byAnyName.set(alias, served);
    }
    for (const [name, served] of this.models) this.#byAnyName.set(name, served);
  }

  /** The model that a client's name or alias means. */
  resolve(name: string): ServedModel | undefined {
    return this.#byAnyName.get(name);
  }

  /** The models that can be served now, in the order of the operator's document. */
  available(): readonly ServedModel[] {
    return [...this.models.values()].filter(({ routes }) => routes.length > 0);
  }

  /** The models of a class that can be served now. */
  ofClass(className: string): readonly ServedModel[] {
    return this.available().filter(({ model }) => model.className === className);
  }

  /** The price in force for a route, for quotes; `undefined` where the price book has none. */
  priceOfRoute({ supplier, pricedModel }: ServingRoute, atMs: number): PriceVersion | undefined {
    return pricedModel === undefined ? undefined : this.prices.at(supplier.id, pricedModel, atMs);
  }

  /**
   * How the responses of a route are priced: by the model and service tier they name, or, where a
   * response names no model, by the route's own. A model that the supplier's price list does not know
   * has no price, even where the route's model has one.
   * @param atMs the instant whose price versions hold: that of the admission.
   */
  pricingOf({ supplier, pricedModel }: ServingRoute, atMs: number): PriceOf {
    return (name, tier) => {
      const model = name === undefined ? pricedModel : this.prices.modelOf(supplier.id, name);
      const price = model === undefined ? undefined : this.prices.at(supplier.id, model, atMs);
      return price && { price, serviceTier: serviceTierIn(price.serviceTiers, tier) };
    };
  }

  #usable(routes: readonly Route[]): readonly ServingRoute[] {
    const { usable = () => true } = this.data;
    return routes
      .flatMap((route) => {
        const supplier = this.suppliers.get(route.supplier);
        if (!route.enabled || supplier?.enabled !== true || !usable(supplier)) return [];
        return [
          { route, supplier, pricedModel: this.prices.modelOf(supplier.id, route.upstreamModel) },
        ];
      })
      .toSorted((a, b) => a.route.priority - b.route.priority || b.route.weight - a.route.weight);
  }
}
