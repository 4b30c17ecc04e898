import type { Catalog } from '#catalog/catalog.ts';
import { ratesKey } from '#catalog/price-book.ts';
import { canonicalServiceTier } from '#catalog/service-tier.ts';
import type { NanoUsd } from '#base/money.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import { type Usage, usageOf } from '#metering/usage.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type ChargeBasis, chargeOf } from '#pricing/charge.ts';
import { costOf, describeUnpriced, type Unpriced } from '#pricing/cost.ts';
import { STANDARD_TIER } from '#pricing/price.ts';
import type { ModelRules, ResolvedModel } from './import-models.ts';

/** One request of the file, in numbers. */
export interface ImportedRequest {
  readonly atMs: number;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  /** Nano-dollars; −1 where the file says none. */
  readonly cost: number;
  readonly tier: string | undefined;
}

/** What a request cost, and what the plan's tariff asks for it. */
export interface PricedRequest {
  readonly usage: Usage;
  readonly costNanoUsd: number;
  readonly tariffNanoUsd: number;
  readonly priceVersionId: Id<'priceVersion'> | undefined;
}

/** Prices requests from elsewhere by the code that prices live ones. */
export class ImportPricer {
  readonly #catalog: Catalog;
  readonly #rules: ModelRules;

  constructor(catalog: Catalog, rules: ModelRules) {
    this.#catalog = catalog;
    this.#rules = rules;
  }

  /** @throws DomainError `unknown_price` on a service tier or unit without a price */
  price(request: ImportedRequest, model: ResolvedModel, plan: PlanVersion): PricedRequest {
    const usage = usageOf({
      input: request.input,
      input_cached: request.cached,
      cache_write_5m: request.cacheWrite,
      output: request.output,
      reasoning: request.reasoning,
      requests: 1,
    });
    const metering = {
      parts: [{ model: undefined, serviceTier: request.tier, usage }],
      estimated: false,
    };
    const atMs = this.#rules.prices === 'now' ? this.#rules.nowMs : request.atMs;
    const basis = this.#basisOf(plan);
    if (model.served === undefined || model.costFrom === 'cost column') {
      const cost = { nanoUsd: request.cost as NanoUsd, unpriced: [], priceVersionId: undefined };
      const charge =
        basis.kind === 'markup' || model.served !== undefined
          ? chargeOf({ metering, cost, basis, model: model.served?.model.model.name ?? '', atMs })
          : cost;
      requireAll(charge.unpriced, model);
      return priced(usage, request.cost, charge.nanoUsd, undefined);
    }
    const { route } = model.served;
    const priceOf = this.#catalog.pricingOf(route, atMs);
    // The window of the day is that of the request, whichever version is in force.
    const cost = costOf({ metering, priceOf, atMs: request.atMs });
    requireAll(cost.unpriced, model);
    const charge = chargeOf({ metering, cost, basis, model: model.served.model.model.name, atMs });
    requireAll(charge.unpriced, model);
    return priced(usage, cost.nanoUsd, charge.nanoUsd, cost.priceVersionId);
  }

  #basisOf({ tariff }: PlanVersion): ChargeBasis {
    if (tariff.kind === 'markup') return tariff;
    const { table } = tariff;
    return {
      kind: 'rates',
      priceOf: (model, tier, atMs = this.#rules.nowMs) => {
        const price = this.#catalog.prices.at(ratesKey(table), model, atMs);
        const named = canonicalServiceTier(tier);
        return (
          price && {
            price,
            serviceTier: Object.hasOwn(price.serviceTiers, named) ? named : STANDARD_TIER,
          }
        );
      },
    };
  }
}

function priced(
  usage: Usage,
  costNanoUsd: number,
  tariffNanoUsd: number,
  priceVersionId: Id<'priceVersion'> | undefined,
): PricedRequest {
  return { usage, costNanoUsd, tariffNanoUsd, priceVersionId };
}

function requireAll(unpriced: readonly Unpriced[], { name }: ResolvedModel): void {
  const [first] = unpriced;
  if (first === undefined) return;
  throw new DomainError(
    'unknown_price',
    `No price for ${describeUnpriced({ ...first, model: name })}.`,
    { field: first.unit === undefined ? 'tier' : 'model' },
  );
}
