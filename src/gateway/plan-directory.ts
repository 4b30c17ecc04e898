import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { ChargeBasis, TariffRates } from '#pricing/charge.ts';

/** What the gateway asks of plans: the tariff by which it charges, and the words for a gate. In memory. */
export interface PlanDirectory {
  plan(id: Id<'planVersion'>): PlanVersion | undefined;
  /** The operator's own price table of that name. */
  rates(table: string): TariffRates | undefined;
}

/** A plan as the gateway uses it. */
export interface PlanTerms {
  readonly plan: PlanVersion;
  readonly basis: ChargeBasis;
  readonly gates: ReadonlyMap<string, Gate>;
}

const terms = new WeakMap<PlanVersion, PlanTerms>();

/**
 * The terms of a plan version; made once for each.
 * @throws DomainError `invalid_configuration` where its tariff names a table that does not exist.
 */
export function planTerms(plans: PlanDirectory, id: Id<'planVersion'>): PlanTerms {
  const plan = plans.plan(id);
  assert(plan !== undefined, `plan version ${id} of a subject is known`);
  const known = terms.get(plan);
  if (known) return known;
  const made = Object.freeze({
    plan,
    basis: basisOf(plan, plans),
    gates: new Map(plan.gates.map((gate) => [gate.id, gate])),
  });
  terms.set(plan, made);
  return made;
}

function basisOf({ tariff, plan }: PlanVersion, plans: PlanDirectory): ChargeBasis {
  if (tariff.kind === 'markup') return tariff;
  const priceOf = plans.rates(tariff.table);
  if (priceOf === undefined) {
    throw new DomainError(
      'invalid_configuration',
      `The tariff of plan ${plan} names no price table: ${tariff.table}.`,
    );
  }
  return { kind: 'rates', priceOf };
}
