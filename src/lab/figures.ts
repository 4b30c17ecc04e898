import { idFromUuid } from '#base/id.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Coverage, Figures, Loss, Oracle, PlanResult, Subscriber } from './lab.schema.ts';
import {
  METRIC,
  METRIC_COUNT,
  type Metric,
  metricOf,
  METRICS,
  PERIOD_PARTS,
  revenueOf,
} from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { ranksOf } from './ranks.ts';
import { ExactSum } from '#economics/exact-sum.ts';
import type { TapeFacts } from './tape.ts';

/** What some rows have together of every metric, in one reading: a row is a few lines of the cache. */
export function sumsOf(matrix: Float64Array, rows: readonly number[]): (metric: Metric) => bigint {
  const sums = METRICS.map(() => new ExactSum());
  const parts = new Float64Array(METRIC_COUNT);
  for (const row of rows) {
    const at = row * METRIC_COUNT;
    for (let m = 0; m < METRIC_COUNT; m++) {
      const next = (parts[m] ?? 0) + (matrix[at + m] ?? 0);
      if (next <= Number.MAX_SAFE_INTEGER) parts[m] = next;
      else {
        sums[m]?.add(parts[m] ?? 0);
        parts[m] = matrix[at + m] ?? 0;
      }
    }
  }
  for (const [m, sum] of sums.entries()) sum.add(parts[m] ?? 0);
  return (metric) => sums[METRIC[metric]]?.value ?? 0n;
}

/** The figures of some rows together. */
export function figuresOf(matrix: Float64Array, rows: readonly number[]): Figures {
  const sum = sumsOf(matrix, rows);
  const count = (metric: Metric): number => Number(sum(metric));
  const usage = sum('paidBought') + sum('paidOverage') - sum('refunded');
  const revenue = sum('subscription') + usage + sum('breakage');
  const cost = sum('cost');
  return {
    subscribers: rows.length,
    requests: count('requests'),
    served: count('served'),
    refused: count('refused'),
    fellBack: count('fellBack'),
    slowed: count('slowed'),
    creditPaid: count('creditPaid'),
    overagePaid: count('overagePaid'),
    subscription: String(sum('subscription')),
    usage: String(usage),
    revenue: String(revenue),
    cost: String(cost),
    margin: String(revenue - cost),
    marginShare: shareOf(revenue - cost, revenue),
  };
}

/** A part of a whole, to a millionth; null without a whole. */
export function shareOf(part: bigint, whole: bigint): number | null {
  return whole === 0n ? null : Number((part * 1_000_000n) / whole) / 1_000_000;
}

export function oracleOf(recorded: Float64Array, rows: readonly number[]): Oracle {
  const sum = sumsOf(recorded, rows);
  const count = (metric: Metric): number => Number(sum(metric));
  const differingDecisions = count('differingDecisions');
  const differingCharges = count('differingCharges');
  const compared = count('compared');
  return {
    // Where there was nothing to compare with, nothing is proven.
    exact: compared > 0 && differingDecisions === 0 && differingCharges === 0,
    compared,
    uncomparable: count('uncomparable'),
    differingDecisions,
    differingCharges,
  };
}

export function coverageOf(matrix: Float64Array, rows: readonly number[]): Coverage {
  const sum = sumsOf(matrix, rows);
  const count = (metric: Metric): number => Number(sum(metric));
  const served = count('served');
  return {
    requests: count('requests'),
    served,
    evidentShare: served === 0 ? 1 : count('evident') / served,
    evidentCostShare: shareOf(sum('evidentCost'), sum('cost')) ?? 1,
    derived: count('derived'),
    derivedCost: String(sum('derivedCost')),
    unseenServed: count('unseenServed'),
    unseenCost: String(sum('unseenCost')),
    unseenRevenue: String(sum('unseenRevenue')),
    unknownDemand: count('unknownDemand'),
  };
}

/** The part of the loss that "the few who cause it" must cause. */
const CAUSED_SHARE = 0.9;

/** Who loses the money: the fewest subscribers that cause nine tenths of what those below zero lose. */
export function lossOf(tape: TapeFacts, matrix: Float64Array, rows: readonly number[]): Loss {
  const margins = rows
    .map((row) => ({
      row,
      cost: metricOf(matrix, row, 'cost'),
      margin: revenueOf(matrix, row) - metricOf(matrix, row, 'cost'),
    }))
    .filter(({ margin }) => margin < 0)
    .sort((a, b) => a.margin - b.margin);
  const loss = margins.reduce((sum, { margin }) => sum - BigInt(margin), 0n);
  const causedBy: Loss['causedBy'] = [];
  let caused = 0;
  for (const { row, cost, margin } of margins) {
    if (caused >= CAUSED_SHARE) break;
    const shareOfLoss = shareOf(-BigInt(margin), loss) ?? 0;
    causedBy.push({
      customer: customerId(tape, row),
      cost: String(cost),
      margin: String(margin),
      shareOfLoss,
    });
    caused += shareOfLoss;
  }
  return {
    subscribersBelowZero: margins.length,
    loss: String(loss),
    causedBy,
    causedByShare: caused,
  };
}

/** The printed id; of imported use the name that the file has. */
export function customerId(tape: TapeFacts, row: number): string {
  const customer = tape.segments[row]?.customer ?? 0;
  const name = tape.names?.[customer];
  return name ?? idFromUuid('customer', tape.customers[customer] ?? '');
}

export function labelOf(plan: PlanVersion): string {
  return `${plan.plan} v${plan.version}`;
}

export function subscriberOf(
  tape: TapeFacts,
  label: string,
  outcome: Outcome,
  plans: readonly string[],
): Subscriber {
  const { choice } = outcome;
  return {
    customer: customerId(tape, outcome.row),
    plan: label,
    billBefore: String(outcome.billBefore),
    billAfter: String(outcome.billAfter),
    marginBefore: String(outcome.revenueBefore - outcome.costBefore),
    marginAfter: String(outcome.revenueAfter - outcome.costAfter),
    newlyRefused: outcome.newlyRefused,
    newlyFellBack: outcome.newlyFellBack,
    newlySlowed: outcome.newlySlowed,
    freed: outcome.freed,
    harmed: outcome.isHarmed,
    choice: choice.kind === 'move' ? `move to ${plans[choice.to] ?? ''}` : choice.kind,
  };
}

/** One plan before and after, without what people do about it. */
export function planResultOf(input: {
  readonly plan: PlanVersion;
  readonly isChanged: boolean;
  readonly before: Float64Array;
  readonly after: Float64Array;
  readonly outcomes: readonly Outcome[];
}): Omit<PlanResult, 'reaction'> {
  const { plan, before, after, outcomes } = input;
  const rows = outcomes.map(({ row }) => row);
  const harmed = outcomes.filter(({ isHarmed }) => isHarmed).length;
  const multiple = outcomes.reduce((most, { billMultiple }) => Math.max(most, billMultiple), 1);
  const isLimited = (row: number): boolean => {
    const first = row * METRIC_COUNT + METRIC.limited0;
    for (let part = 0; part < PERIOD_PARTS; part++) if ((after[first + part] ?? 0) > 0) return true;
    return false;
  };
  const sum = sumsOf(after, rows);
  return {
    plan: plan.plan,
    label: labelOf(plan),
    changed: input.isChanged,
    before: figuresOf(before, rows),
    after: figuresOf(after, rows),
    harmed,
    harmedShare: rows.length === 0 ? 0 : harmed / rows.length,
    billMultipleMax: Number.isFinite(multiple) ? multiple : null,
    limitedByTenth: Array.from({ length: PERIOD_PARTS }, (_, part) =>
      Number(sum(`limited${part}` as Metric)),
    ),
    subscribersLimited: rows.filter(isLimited).length,
    winners: outcomes.filter(
      (each) => !each.isHarmed && (each.billAfter < each.billBefore || each.freed > 0),
    ).length,
    losers: harmed,
    deciles: decilesOf(outcomes),
  };
}

function decilesOf(outcomes: readonly Outcome[]): PlanResult['deciles'] {
  const count = outcomes.length;
  const parts = Math.min(10, count);
  const sums = Array.from({ length: parts }, () => ({
    subscribers: 0,
    harmed: 0,
    billBefore: new ExactSum(),
    billAfter: new ExactSum(),
    marginBefore: new ExactSum(),
    marginAfter: new ExactSum(),
  }));
  const ends = sums.map((_, i) => Math.round(((i + 1) * count) / parts));
  const ranks = ranksOf(outcomes.map(({ costBefore }) => costBefore));
  for (const [i, outcome] of outcomes.entries()) {
    const sum = sums[ends.findIndex((end) => (ranks[i] ?? 0) < end)];
    if (sum === undefined) continue;
    sum.subscribers++;
    if (outcome.isHarmed) sum.harmed++;
    sum.billBefore.add(outcome.billBefore);
    sum.billAfter.add(outcome.billAfter);
    sum.marginBefore.add(outcome.revenueBefore - outcome.costBefore);
    sum.marginAfter.add(outcome.revenueAfter - outcome.costAfter);
  }
  return sums.map((sum, i) => ({
    decile: i + 1,
    subscribers: sum.subscribers,
    billBefore: String(sum.billBefore.value),
    billAfter: String(sum.billAfter.value),
    marginBefore: String(sum.marginBefore.value),
    marginAfter: String(sum.marginAfter.value),
    harmed: sum.harmed,
  }));
}
