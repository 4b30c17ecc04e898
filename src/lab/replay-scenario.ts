import { countText } from '#base/count-text.ts';
import type { PlanTerms } from '#offer/offer.ts';
import type { Behaviour } from './behaviour.ts';
import { coverageOf, figuresOf, labelOf, oracleOf, planResultOf, subscriberOf } from './figures.ts';
import { formatCount, formatMoney, formatShare } from './format.ts';
import type { PlanResult, ReplayResult } from './lab.schema.ts';
import type { Outcome } from './outcome.ts';
import { type PlanStudy, reactionOf, rowsOfPlan, studyOutcomes, studyPlan } from './plan-study.ts';
import type { Replays } from './replays.ts';
import { type LabBasis, recordedSpec, type ScenarioChanges, scenarioSpec } from './scenario.ts';
import { byHarm, TOUCHED_MAX } from './touched.ts';

export interface ReplayScenarioOptions {
  readonly changes: Pick<ScenarioChanges, 'plans' | 'prices'>;
  /** The scenario's plans: what people can move to. */
  readonly listed: readonly PlanTerms[];
  readonly behaviour: Behaviour;
  readonly seed: number;
  readonly fromMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (text: string, done: number, of: number) => void;
}

/** A subscriber whom the scenario does something to. */
interface Touched {
  readonly outcome: Outcome;
  readonly label: string;
  readonly others: readonly string[];
}

/** Replays a scenario over everybody, with what it does to whom. */
export async function replayScenario(
  basis: LabBasis,
  pool: Replays,
  options: ReplayScenarioOptions,
): Promise<Pick<ReplayResult, 'oracle' | 'coverage' | 'plans' | 'total' | 'subscribers' | 'text'>> {
  const { changes, behaviour, seed, fromMs, signal } = options;
  const say = options.onProgress ?? ((): void => undefined);
  const control = signal === undefined ? {} : { signal };
  const watched = (text: string) => ({
    ...control,
    onProgress: (done: number, of: number) => say(text, done, of),
  });
  const isChange = changes.plans.length + changes.prices.length > 0;
  const deferredShare = behaviour.reacts ? behaviour.deferredShare : 0;
  const spec = scenarioSpec(basis, { ...changes, deferredShare, seed, fromMs });
  const recorded = recordedSpec(basis, fromMs);
  // Asked for at once: a book that is read from the lake is read once for both.
  const [before, changed] = await Promise.all([
    pool.replay(recorded, watched('Replaying the plan in force')),
    isChange ? pool.replay(spec, watched('Replaying the scenario')) : undefined,
  ]);
  const after = changed ?? before;
  const plans: PlanResult[] = [];
  const touched: Touched[] = [];
  for (const name of new Set(basis.plans.map(({ plan }) => plan))) {
    const rows = rowsOfPlan(basis, name);
    const plan = basis.plans.findLast((each) => each.plan === name);
    if (plan === undefined || rows.length === 0) continue;
    const isChanged = spec.changed.includes(plan.id);
    const study: PlanStudy = isChanged
      ? await studyPlan(
          { basis, pool, plan, rows, before, listed: options.listed, behaviour, seed, fromMs },
          watched(`Replaying ${name} on other plans`),
        )
      : unmoved(plan, { rows, before, behaviour, seed });
    const outcomes = studyOutcomes(study, after);
    plans.push({
      ...planResultOf({ plan, isChanged, before, after, outcomes }),
      reaction: isChanged ? reactionOf(study, after, outcomes) : null,
    });
    const others = study.others.map(({ terms }) => terms.plan);
    for (const outcome of outcomes) {
      const isTouched =
        outcome.isHarmed || outcome.billAfter !== outcome.billBefore || outcome.freed > 0;
      if (isTouched) touched.push({ outcome, label: labelOf(plan), others });
    }
  }
  plans.sort((a, b) => Number(BigInt(a.after.margin) - BigInt(b.after.margin)));
  touched.sort((a, b) => byHarm(a.outcome, b.outcome));
  const rows = basis.tape.segments.map((_, row) => row);
  const parts = {
    oracle: oracleOf(before, rows),
    coverage: coverageOf(after, rows),
    plans,
    total: { before: figuresOf(before, rows), after: figuresOf(after, rows) },
    subscribers: touched
      .slice(0, TOUCHED_MAX)
      .map(({ outcome, label, others }) => subscriberOf(basis.tape, label, outcome, others)),
  };
  return { ...parts, text: replayText(parts, isChange) };
}

/** A plan that does not change: its subscribers stay. */
function unmoved(
  plan: PlanStudy['plan'],
  given: Pick<PlanStudy, 'rows' | 'before' | 'behaviour' | 'seed'>,
): PlanStudy {
  return {
    ...given,
    plan,
    behaviour: { ...given.behaviour, reacts: false },
    customers: new Uint32Array(),
    others: [],
    willingness: [],
  };
}

function replayText(
  result: Pick<ReplayResult, 'oracle' | 'coverage' | 'plans' | 'total'>,
  isChange: boolean,
): string {
  const { oracle, plans } = result;
  const lines = plans.map((plan) => {
    const { before, after } = plan;
    const margin = (figures: typeof before): string =>
      `${formatMoney(BigInt(figures.margin))}${figures.marginShare === null ? '' : ` (${formatShare(figures.marginShare)})`}`;
    if (!plan.changed && before.margin === after.margin)
      return `${plan.label}: ${countText(before.subscribers, 'subscriber')}, revenue ${formatMoney(BigInt(before.revenue))}, cost ${formatMoney(BigInt(before.cost))}, margin ${margin(before)}`;
    const reaction = plan.reaction;
    return [
      `${plan.label}: margin ${margin(before)} → ${margin(after)}; ${plan.harmed} of ${countText(after.subscribers, 'subscriber')} ${plan.harmed === 1 ? 'notices' : 'notice'} (${formatShare(plan.harmedShare)}), highest bill ×${plan.billMultipleMax?.toFixed(2) ?? '∞'}`,
      ...(reaction === null
        ? []
        : [
            `    with what people do: ${reaction.stay} stay, ${reaction.leave} leave, ${Object.values(reaction.moves).reduce((sum, n) => sum + n, 0)} move; margin ${formatMoney(BigInt(reaction.margin))} (90%: ${formatMoney(BigInt(reaction.marginInterval.low))} to ${formatMoney(BigInt(reaction.marginInterval.high))})`,
          ]),
    ].join('\n');
  });
  return [
    isChange
      ? 'The scenario, replayed over the recorded requests:'
      : 'The plans in force, replayed:',
    ...lines,
    oracleText(oracle),
    coverageText(result.coverage),
  ].join('\n');
}

/** The badge under every result. */
export function oracleText(oracle: ReplayResult['oracle']): string {
  const { exact, compared, uncomparable, differingDecisions, differingCharges } = oracle;
  const rest = uncomparable > 0 ? `; ${formatCount(uncomparable)} cannot be compared` : '';
  if (compared === 0 && uncomparable === 0)
    return 'Not proven: no decisions are on record to compare with. Imported use counts as served, every request of it.';
  if (exact)
    return `Exact: replaying the plans in force gives all ${formatCount(compared)} booked decisions and charges to the nano-dollar${rest}.`;
  return `Not exact: ${countText(differingDecisions, 'decision')} and ${countText(differingCharges, 'charge')} of ${formatCount(compared)} differ from the books${rest}.`;
}

export function coverageText(coverage: ReplayResult['coverage']): string {
  const unseen =
    coverage.unseenServed === 0
      ? ''
      : `; ${countText(coverage.unseenServed, 'request')} that had been refused ${coverage.unseenServed === 1 ? 'is' : 'are'} served, at an estimated cost of ${formatMoney(BigInt(coverage.unseenCost))}`;
  const unknown =
    coverage.unknownDemand === 0
      ? ''
      : `; the cost of ${formatCount(coverage.unknownDemand)} of them is unknown`;
  const derived =
    coverage.derived === 0
      ? ''
      : `; ${countText(coverage.derived, 'request')} ${coverage.derived === 1 ? 'is' : 'are'} answered by another class than on record, priced from the recorded tokens at ${formatMoney(BigInt(coverage.derivedCost))}`;
  return `Complete evidence for ${formatShare(coverage.evidentShare)} of the requests served and ${formatShare(coverage.evidentCostShare)} of their cost${derived}${unseen}${unknown}.`;
}
