import type { DecisionOut, SettleOut } from '#plans/decision-out.ts';
import { PAYER, type Stretch, STRETCH_MAX, VERDICT } from '#plans/stretch.ts';
import { METRIC, PERIOD_PARTS } from './metrics.ts';
import { addTo, type ReplayPlace } from './replay-place.ts';
import type { ReplayProgram } from './replay-program.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { type EventColumns, EVIDENCE, NONE } from './tape.ts';

const PAYERS = Object.keys(PAYER).length;

/** Counts what came of requests, beside what the books say came of them. */
export class ReplayTally {
  readonly #event: EventColumns;
  readonly #spec: ReplaySpec;
  readonly #place: ReplayPlace;
  /** By payer of a stretch: what they paid, and for how many requests. */
  readonly #paidBy = new Float64Array(PAYERS);
  readonly #paidFor = new Float64Array(PAYERS);
  /** Places in the stretch that was counted last of what has to be told to {@link admitted} and its like. */
  readonly rest = new Uint8Array(STRETCH_MAX);
  restCount = 0;

  constructor(event: EventColumns, spec: ReplaySpec, place: ReplayPlace) {
    this.#event = event;
    this.#spec = spec;
    this.#place = place;
  }

  admitted(i: number, served: number, out: DecisionOut, isRetry: boolean): void {
    const event = this.#event;
    const { row } = this.#place;
    addTo(row, isRetry ? METRIC.retried : METRIC.requests, 1);
    addTo(row, METRIC.served, 1);
    const before = event.classServed[i] ?? NONE;
    const wasLimited = before === NONE || event.fallback[i] === 1;
    if (out.fallback === 'gate') {
      addTo(row, METRIC.fellBack, 1);
      if (!wasLimited) addTo(row, METRIC.newlyFellBack, 1);
    }
    if (out.slow) {
      addTo(row, METRIC.slowed, 1);
      if (event.slow[i] === 0) addTo(row, METRIC.newlySlowed, 1);
    }
    if (out.slow || out.fallback === 'gate') this.#limited(out.nowMs);
    if (before === NONE) {
      addTo(row, METRIC.refusedBefore, isRetry ? 0 : 1);
      addTo(row, METRIC.unseenServed, 1);
      if (this.#spec.demandKnown[event.classAsked[i] ?? NONE] !== true)
        addTo(row, METRIC.unknownDemand, 1);
    } else if (before !== served) addTo(row, METRIC.derived, 1);
    if (wasLimited && served === event.classAsked[i]) addTo(row, METRIC.freed, 1);
  }

  /** @returns true where the books served it */
  refused(i: number, out: DecisionOut): boolean {
    const event = this.#event;
    const { row } = this.#place;
    addTo(row, METRIC.requests, 1);
    addTo(row, METRIC.refused, 1);
    this.#limited(out.nowMs);
    if (event.classServed[i] === NONE) {
      // Where its sender came back, that stands on the tape as a request of its own.
      addTo(row, METRIC.refusedBefore, 1);
      return false;
    }
    addTo(row, METRIC.newlyRefused, 1);
    addTo(row, METRIC.refusedValue, event.tariff[i] ?? 0);
    return true;
  }

  /**
   * Counts, of a stretch of events, all that come out as in the books or are merely paid otherwise; the
   * others are noted in {@link rest}.
   * @param first the event that the stretch begins with; of it, those `from` to before `to` are counted
   */
  stretch(program: ReplayProgram, first: number, stretch: Stretch, from: number, to: number): void {
    const event = this.#event;
    const { row } = this.#place;
    const { fromMs } = this.#spec;
    const { classes } = program;
    const { cost, charge } = stretch.ofAsked;
    const paidBy = this.#paidBy.fill(0);
    const paidFor = this.#paidFor.fill(0);
    let count = 0;
    let costSum = 0;
    let value = 0;
    let evident = 0;
    let evidentCost = 0;
    this.restCount = 0;
    for (let j = from; j < to; j++) {
      const i = first + j;
      if ((stretch.atMs[j] ?? 0) < fromMs) continue;
      const isAlike =
        stretch.verdict[j] === VERDICT.served &&
        stretch.slow[j] === 0 &&
        classes[stretch.served[j] ?? 0] === event.classServed[i] &&
        event.fallback[i] !== 1;
      if (!isAlike) {
        this.rest[this.restCount++] = j;
        continue;
      }
      const ownCost = cost[j] ?? 0;
      count++;
      costSum += ownCost;
      value += charge[j] ?? 0;
      const evidence = event.evidence[i];
      if (evidence === EVIDENCE.complete || evidence === EVIDENCE.otherUnits) {
        evident++;
        evidentCost += ownCost;
      }
      const paid = stretch.paid[j] ?? 0;
      if (paid > 0) {
        const payer = stretch.payer[j] ?? 0;
        paidBy[payer] = (paidBy[payer] ?? 0) + paid;
        paidFor[payer] = (paidFor[payer] ?? 0) + 1;
      }
    }
    addTo(row, METRIC.requests, count);
    addTo(row, METRIC.served, count);
    addTo(row, METRIC.cost, costSum);
    addTo(row, METRIC.servedValue, value);
    addTo(row, METRIC.evident, evident);
    addTo(row, METRIC.evidentCost, evidentCost);
    const { allowance, promotional, bought, overage } = PAYER;
    addTo(row, METRIC.paidAllowance, paidBy[allowance] ?? 0);
    addTo(row, METRIC.paidPromotional, paidBy[promotional] ?? 0);
    addTo(row, METRIC.paidBought, paidBy[bought] ?? 0);
    addTo(row, METRIC.paidOverage, paidBy[overage] ?? 0);
    addTo(row, METRIC.overagePaid, paidFor[overage] ?? 0);
    for (const payer of [allowance, promotional, bought])
      addTo(row, METRIC.creditPaid, paidFor[payer] ?? 0);
  }

  #limited(nowMs: number): void {
    const { account, row } = this.#place;
    const { startMs, endMs } = account.period;
    const part = Math.floor(((nowMs - startMs) / Math.max(1, endMs - startMs)) * PERIOD_PARTS);
    addTo(row, METRIC.limited0 + Math.min(PERIOD_PARTS - 1, Math.max(0, part)), 1);
  }

  settled(
    i: number,
    served: number,
    out: SettleOut,
    actual: { readonly costNanoUsd: number; readonly chargeNanoUsd: number },
  ): void {
    const event = this.#event;
    const { row } = this.#place;
    const cost = actual.costNanoUsd;
    addTo(row, METRIC.cost, cost);
    addTo(row, METRIC.servedValue, actual.chargeNanoUsd);
    if (out.chargeNanoUsd > 0) {
      addTo(row, METRIC.paidAllowance, out.allowanceNanoUsd);
      addTo(row, METRIC.paidPromotional, out.promotionalNanoUsd);
      addTo(row, METRIC.paidBought, out.boughtNanoUsd);
      addTo(row, METRIC.paidOverage, out.overageNanoUsd);
      addTo(row, METRIC.overrun, out.overrunNanoUsd);
      addTo(row, out.overageNanoUsd > 0 ? METRIC.overagePaid : METRIC.creditPaid, 1);
    }
    const before = event.classServed[i] ?? NONE;
    const evidence = event.evidence[i];
    if (before === NONE) {
      addTo(row, METRIC.unseenCost, cost);
      addTo(row, METRIC.unseenRevenue, out.boughtNanoUsd + out.overageNanoUsd);
    } else if (before !== served) addTo(row, METRIC.derivedCost, cost);
    else if (evidence === EVIDENCE.complete || evidence === EVIDENCE.otherUnits) {
      addTo(row, METRIC.evident, 1);
      addTo(row, METRIC.evidentCost, cost);
    }
  }
}
