import type { PlanTerms } from '#offer/offer.ts';
import type { PlanUse } from './candidates.ts';
import { costAt } from './class-prices.ts';
import { metricOf } from './metrics.ts';
import type { LabBasis } from './scenario.ts';
import { NONE, OP_DECIDE, opKind, opRef, type Tape } from './tape.ts';

const DAY_MS = 86_400_000;
const PERIOD_DAYS = 365.25 / 12;

/** What a plan's subscribers do: where limits are worth trying. */
export function planUseOf(
  basis: LabBasis<Tape>,
  terms: PlanTerms,
  rows: readonly number[],
  before: Float64Array,
): PlanUse {
  const { tape } = basis;
  const days = (Date.parse(tape.toDay) - Date.parse(tape.fromDay)) / DAY_MS + 1;
  const ofPeriod = Math.min(1, PERIOD_DAYS / days);
  const { classServed, input, inputCached, output } = tape.columns.event;
  const weekly = new Map<string, number[]>(terms.classes.map(({ name }) => [name, []]));
  const mean = { events: 0, input: 0, inputCached: 0, output: 0 };
  const counts = new Float64Array(basis.classNames.length);
  for (const row of rows) {
    const customer = tape.segments[row]?.customer ?? 0;
    counts.fill(0);
    for (let at = tape.opStarts[customer] ?? 0; at < (tape.opStarts[customer + 1] ?? 0); at++) {
      const op = tape.ops[at] ?? 0;
      const i = opRef(op);
      if (opKind(op) > OP_DECIDE || classServed[i] === NONE) continue;
      const served = classServed[i] ?? 0;
      counts[served] = (counts[served] ?? 0) + 1;
      mean.events++;
      mean.input += input[i] ?? 0;
      mean.inputCached += inputCached[i] ?? 0;
      mean.output += output[i] ?? 0;
    }
    for (const [name, values] of weekly) {
      const index = basis.classNames.indexOf(name);
      values.push(((counts[index] ?? 0) * 7) / Math.max(7, days));
    }
  }
  return {
    costs: rows.map((row) => metricOf(before, row, 'cost') * ofPeriod),
    weekly,
    byCost: classesByCost(basis, terms, mean),
  };
}

/** The plan's classes that can answer, by what the mean request of the subscribers would cost there. */
function classesByCost(
  basis: LabBasis<Tape>,
  terms: PlanTerms,
  sum: { events: number; input: number; inputCached: number; output: number },
): readonly string[] {
  const mean = (total: number): number => Math.round(total / Math.max(1, sum.events));
  const [input, cached, output] = [mean(sum.input), mean(sum.inputCached), mean(sum.output)];
  return terms.classes
    .flatMap(({ name }) => {
      const price = basis.classPrices[basis.classNames.indexOf(name)];
      // What gives no text (embeddings) answers for nothing else.
      if (price?.rates === undefined || price.outputTokensHeld === 0) return [];
      const reasoning = price.thinks ? Math.round(output * price.reasoningPerOutput) : 0;
      return [{ name, cost: costAt(price.rates, input, cached, output, reasoning) }];
    })
    .sort((a, b) => b.cost - a.cost)
    .map(({ name }) => name);
}
