import { idFromUuid } from '#base/id.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Coverage, Figures, Loss, Oracle, PlanResult, Subscriber } from './lab.schema.ts';
import { METRIC, METRIC_COUNT, type Metric, metricOf, PERIOD_PARTS, revenueOf } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import type { TapeFacts } from './tape.ts';

/** A sum over rows, past the safe integers where it must. */
export function sumRows(matrix: Float64Array, rows: readonly number[], metric: Metric): bigint {
  let total = 0n;
  let part = 0;
  const column = METRIC[metric];
  for (const row of rows) {
    const next = part + (matrix[row * METRIC_COUNT + column] ?? 0);
    if (Number.isSafeInteger(next)) part = next;
    else {
      total += BigInt(part);
      part = matrix[row * METRIC_COUNT + column] ?? 0;
    }
  }
  return total + BigInt(part);
}

/** The figures of some rows together. */
export function figuresOf(matrix: Float64Array, rows: readonly number[]): Figures {
  const sum = (metric: Metric): bigint => sumRows(matrix, rows, metric);
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
  const count = (metric: Metric): number => Number(sumRows(recorded, rows, metric));
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
  const count = (metric: Metric): number => Number(sumRows(matrix, rows, metric));
  const served = count('served');
  return {
    requests: count('requests'),
    served,
    evidentShare: served === 0 ? 1 : count('evident') / served,
    evidentCostShare:
      shareOf(sumRows(matrix, rows, 'evidentCost'), sumRows(matrix, rows, 'cost')) ?? 1,
    derived: count('derived'),
    derivedCost: String(sumRows(matrix, rows, 'derivedCost')),
    unseenServed: count('unseenServed'),
    unseenCost: String(sumRows(matrix, rows, 'unseenCost')),
    unseenRevenue: String(sumRows(matrix, rows, 'unseenRevenue')),
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
  const limitedAt = (row: number, part: number): number =>
    after[row * METRIC_COUNT + METRIC.limited0 + part] ?? 0;
  const isLimited = (row: number): boolean =>
    Array.from({ length: PERIOD_PARTS }, (_, part) => limitedAt(row, part)).some((n) => n > 0);
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
      rows.reduce((sum, row) => sum + limitedAt(row, part), 0),
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
  const sorted = outcomes.toSorted((a, b) => a.costBefore - b.costBefore);
  const parts = Math.min(10, sorted.length);
  return Array.from({ length: parts }, (_, i) => {
    const part = sorted.slice(
      Math.round((i * sorted.length) / parts),
      Math.round(((i + 1) * sorted.length) / parts),
    );
    const sum = (of: (outcome: Outcome) => number): string =>
      String(part.reduce((total, outcome) => total + BigInt(of(outcome)), 0n));
    return {
      decile: i + 1,
      subscribers: part.length,
      billBefore: sum(({ billBefore }) => billBefore),
      billAfter: sum(({ billAfter }) => billAfter),
      marginBefore: sum(({ revenueBefore, costBefore }) => revenueBefore - costBefore),
      marginAfter: sum(({ revenueAfter, costAfter }) => revenueAfter - costAfter),
      harmed: part.filter(({ isHarmed }) => isHarmed).length,
    };
  });
}
