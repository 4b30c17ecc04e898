import { DomainError } from '#base/domain-error.ts';
import type { NanoUsd } from '#base/money.ts';
import type { PlanTerms } from '#offer/offer.ts';
import { withPlans } from '#offer/plan-notation.ts';
import { priceWords } from './candidates.ts';
import type { LabResult, Recommendation } from './lab.schema.ts';

/** One of a recommendation's fixes, or the plan as it is, at its price or another. */
export interface FixChoice {
  /** 1 = the recommendation; 0 = the plan as it is. */
  readonly fix: number;
  readonly priceNanoUsd?: NanoUsd;
}

export interface FixScenario {
  readonly recommendation: Recommendation;
  readonly terms: PlanTerms;
  /** In words, one a change; empty = the plan as it is. */
  readonly changes: readonly string[];
  /** breakeven.yaml with the change, all else as it was; null where nothing was ever published. */
  readonly document: string | null;
}

/**
 * What a fix says, as terms and as a document.
 * @throws DomainError `invalid_request` where the result recommends nothing, `not_found` for another number
 */
export function fixScenario(
  result: LabResult,
  { fix: rank, priceNanoUsd }: FixChoice,
): FixScenario {
  if (result.kind !== 'recommendation') {
    throw new DomainError(
      'invalid_request',
      `${result.id} is no recommendation: it has no fixes.`,
      {
        field: 'result',
      },
    );
  }
  const fix = result.fixes.find((each) => each.rank === rank);
  const terms = rank === 0 ? result.terms : fix?.terms;
  if (terms === undefined) {
    throw new DomainError(
      'not_found',
      `${result.id} has no fix ${rank}; it has 0 (the plan as it is) to ${result.fixes.length}.`,
      { field: 'fix' },
    );
  }
  const changes = fix?.changes ?? [];
  if (priceNanoUsd === undefined || priceNanoUsd === terms.priceNanoUsd)
    return { recommendation: result, terms, changes, document: documentOf(result, terms) };
  const priced = { ...terms, priceNanoUsd };
  const isToday = priceNanoUsd === result.terms.priceNanoUsd;
  const others = changes.filter((change) => change !== priceWords(terms.priceNanoUsd));
  return {
    recommendation: result,
    terms: priced,
    changes: [...(isToday ? [] : [priceWords(priceNanoUsd)]), ...others],
    document: documentOf(result, priced),
  };
}

function documentOf({ base }: Recommendation, terms: PlanTerms): string | null {
  return base === null ? null : withPlans(base, [terms]);
}
