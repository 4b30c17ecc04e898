import type { Pool } from 'pg';
import type { Catalog } from '#catalog/catalog.ts';
import { ratesKey } from '#catalog/price-book.ts';
import { canonicalServiceTier } from '#catalog/service-tier.ts';
import type { PlanSource } from '#admission/plan-source.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { PlanDirectory } from '#gateway/plan-directory.ts';
import { compilePlan, type PlanProgram } from '#plans/compile.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { TariffRates } from '#pricing/charge.ts';
import { STANDARD_TIER } from '#pricing/price.ts';
import { readPlanVersions } from '#subscriptions/plans.store.ts';

/**
 * Every plan version ever published, read and compiled once. Versions are immutable, so an entry
 * never changes; {@link PlanBook.reload} only adds, and moves what is current.
 */
export class PlanBook implements PlanDirectory, PlanSource {
  readonly #pool: Pool;
  readonly #catalog: () => Catalog;
  readonly #clock: Clock;
  readonly #plans = new Map<string, PlanVersion>();
  readonly #programs = new Map<string, PlanProgram>();
  #current: readonly PlanVersion[] = [];

  constructor(options: { pool: Pool; catalog: () => Catalog; clock: Clock }) {
    this.#pool = options.pool;
    this.#catalog = options.catalog;
    this.#clock = options.clock;
  }

  /** Reads what is new. @throws DomainError `store_unavailable`, `invalid_configuration`. */
  async reload(): Promise<void> {
    const stored = await readPlanVersions(this.#pool);
    for (const { id, body } of stored) {
      if (this.#plans.has(id)) continue;
      const plan = parsePlanVersion(body);
      this.#plans.set(id, plan);
      this.#programs.set(id, compilePlan(plan));
    }
    this.#current = stored
      .filter(({ current }) => current)
      .flatMap(({ id }) => this.#plans.get(id) ?? []);
  }

  plan(id: Id<'planVersion'>): PlanVersion | undefined {
    return this.#plans.get(id);
  }

  planOf(id: Id<'planVersion'>): PlanProgram | undefined {
    return this.#programs.get(id);
  }

  async load(id: Id<'planVersion'>): Promise<void> {
    if (!this.#programs.has(id)) await this.reload();
    if (!this.#programs.has(id))
      throw new DomainError('not_found', `There is no plan version ${id}.`);
  }

  /** Every version that was ever published, by plan and version. */
  all(): readonly PlanVersion[] {
    return [...this.#plans.values()].toSorted(
      (a, b) => (a.plan < b.plan ? -1 : a.plan > b.plan ? 1 : 0) || a.version - b.version,
    );
  }

  /** The versions that new subscriptions get. */
  current(): readonly PlanVersion[] {
    return this.#current;
  }

  /** The operator's own rates of that name, as they are and as they will be. */
  rates(table: string): TariffRates {
    return (model, tier, atMs = this.#clock.nowMs()) => {
      const price = this.#catalog().prices.at(ratesKey(table), model, atMs);
      if (price === undefined) return undefined;
      const named = canonicalServiceTier(tier);
      // A tier that the operator does not price apart is charged like any other.
      const known = Object.hasOwn(price.serviceTiers, named);
      return { price, serviceTier: known ? named : STANDARD_TIER };
    };
  }
}
