import type { Amounts, DecisionRequest, RefusalReason } from '#plans/decision.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { ReferenceMoney } from './reference-money.ts';
import {
  amountIn,
  type Counter,
  type Kind,
  max,
  min,
  type Mode,
  type Part,
  ReferenceRecord,
  sum,
  type Trial,
} from './reference-record.ts';
import { ReferenceWindows } from './reference-windows.ts';

export interface ReferenceDecision {
  readonly verdict: 'admitted' | 'refused';
  readonly reason?: RefusalReason;
  readonly className?: string;
  readonly mode?: Mode;
  readonly slow?: boolean;
  readonly heldCharge?: bigint;
  /** The gate named by the decision. */
  readonly gate?: string;
  readonly available: readonly string[];
  readonly remaining: bigint;
  /** Used after the decision, by gate name; gates of scope everyone apart. */
  readonly used: Readonly<Record<string, bigint>>;
  /** When the refusing gate opens. */
  readonly opensAt?: bigint;
}

export interface ReferenceSettlement {
  readonly charge: bigint;
  readonly overrun: bigint;
  readonly byPayer: Readonly<Record<Kind | 'overage', bigint>>;
}

/**
 * The plan rules once more, as plainly as they can be said: `bigint`, a list of everything that ever
 * happened, and every count and balance added up anew from that list. It shares no code with the
 * kernel, which must agree with it on every decision and every nano-dollar.
 */
export class ReferenceKernel {
  readonly money: ReferenceMoney;
  readonly windows: ReferenceWindows;
  readonly #record: ReferenceRecord;

  constructor(plan: PlanVersion) {
    this.#record = new ReferenceRecord(plan);
    this.money = new ReferenceMoney(this.#record);
    this.windows = new ReferenceWindows(this.#record);
  }

  decide(request: DecisionRequest): ReferenceDecision {
    this.#record.advance(request.atMs);
    for (const counter of this.windows.counters(request, '')) this.windows.rollCalendar(counter);
    const period = this.#record.periods.at(-1);
    if (period === undefined || this.#record.now < period.start || this.#record.now >= period.end) {
      return this.#refused(request, 'subscription');
    }
    const inPlan = request.candidates.filter((each) => this.#weight(each.className) !== undefined);
    if (inPlan.length === 0) return this.#refused(request, 'class');
    let candidate = inPlan.find((each) => each.available);
    if (candidate === undefined) return this.#refused(request, 'capacity');
    const tried: string[] = [];
    let first: string | undefined;
    for (;;) {
      const { className, quote } = candidate;
      const trial = this.#try(request, className, quote);
      if (trial.fit === 'fits') return this.#admit(request, className, trial, first);
      if (trial.fit === 'funds') return this.#refused(request, 'funds', trial.because);
      tried.push(className);
      const action = trial.gate?.gate.whenFull;
      const next =
        action?.do === 'fallback' && !tried.includes(action.to)
          ? request.candidates.find((each) => each.className === action.to && each.available)
          : undefined;
      if (next === undefined)
        return this.#refused(request, 'gate', trial.gate, this.#opensAt(trial, className, quote));
      first ??= trial.gate?.name;
      candidate = next;
    }
  }

  #weight(className: string): number | undefined {
    return this.#record.plan.classes.find((terms) => terms.name === className)?.weightMilli;
  }

  #try(request: DecisionRequest, className: string, quote: Amounts): Trial {
    let mode: Mode = this.#record.plan.billing === 'metered' ? 'metered' : 'included';
    let slow = false;
    let because: Counter | undefined;
    const counted: { counter: Counter; amount: bigint }[] = [];
    const fareRoom =
      mode === 'metered' && this.#record.plan.fareCapNanoUsd !== undefined
        ? max(
            0n,
            BigInt(this.#record.plan.fareCapNanoUsd) -
              this.money.fareCharged(this.#record.periodStart()),
          )
        : undefined;
    const charge =
      fareRoom === undefined
        ? BigInt(quote.chargeNanoUsd)
        : min(BigInt(quote.chargeNanoUsd), fareRoom);
    const done = (fit: Trial['fit'], gate?: Counter, parts: readonly Part[] = []): Trial => ({
      fit,
      gate,
      because,
      mode,
      slow,
      charge: mode === 'included' ? 0n : charge,
      fareRoom,
      parts,
      counted,
    });
    for (const counter of this.windows.counters(request, className)) {
      if (!counter.counts) continue;
      const paid = mode === 'included' ? 0n : charge;
      const amount = amountIn(counter.gate.unit, quote, BigInt(this.#weight(className) ?? 0), paid);
      if (amount === 0n || this.windows.fits(counter, amount)) {
        counted.push({ counter, amount });
        continue;
      }
      const action = counter.gate.whenFull.do;
      if (action === 'refuse' || action === 'fallback') return done('gate', counter);
      because ??= counter;
      if (action === 'slow') slow = true;
      else if (mode === 'included' || (mode === 'overage' && action === 'credits')) mode = action;
    }
    const parts = this.money.waterfall(
      mode === 'included' ? 0n : charge,
      mode,
      this.#record.periodStart(),
    );
    return parts === undefined ? done('funds') : done('fits', undefined, parts);
  }

  #opensAt(trial: Trial, className: string, quote: Amounts): bigint | undefined {
    if (trial.gate === undefined || trial.gate.gate.scope === 'everyone') return undefined;
    const paid = trial.mode === 'included' ? 0n : trial.charge;
    const amount = amountIn(
      trial.gate.gate.unit,
      quote,
      BigInt(this.#weight(className) ?? 0),
      paid,
    );
    let used = this.windows.used(trial.gate);
    let opens = this.#record.now;
    for (const live of this.windows
      .live(trial.gate)
      .sort((a, b) => (a.leaves < b.leaves ? -1 : 1))) {
      if (used + amount <= trial.gate.limit) break;
      if (live.amount === 0n) continue;
      used -= live.amount;
      opens = live.leaves;
    }
    return opens;
  }

  #admit(
    request: DecisionRequest,
    className: string,
    trial: Trial,
    first: string | undefined,
  ): ReferenceDecision {
    this.#useOf(
      request.requestId,
      trial.mode,
      this.#record.plan.fareCapNanoUsd,
      trial.fareRoom,
      trial.counted,
      trial.parts,
    );
    const gate = first ?? trial.because?.name;
    return {
      verdict: 'admitted',
      className,
      mode: trial.mode,
      slow: trial.slow,
      heldCharge: sum(trial.parts.map((part) => part.amount)),
      ...(gate === undefined ? {} : { gate }),
      available: [],
      remaining: this.money.remaining(),
      used: this.#standings(request),
    };
  }

  #useOf(
    id: string,
    mode: Mode,
    fareCap: number | undefined,
    fareRoom: bigint | undefined,
    counted: readonly { counter: Counter; amount: bigint }[],
    parts: readonly Part[],
  ): void {
    this.#record.uses.push({
      id,
      at: this.#record.now,
      period: this.#record.periodStart(),
      mode,
      fareCap: mode === 'metered' && fareCap !== undefined ? BigInt(fareCap) : undefined,
      fareRoom,
      counted: counted.map(({ counter, amount }) => ({
        counter: counter.counter,
        unit: counter.gate.unit,
        place: this.windows.place(counter),
        limit: counter.limit,
        amount,
      })),
      open: true,
      parts: [...parts],
    });
  }

  #refused(
    request: DecisionRequest,
    reason: RefusalReason,
    gate?: Counter,
    opensAt?: bigint,
  ): ReferenceDecision {
    const asksOthers = reason === 'gate' || reason === 'funds';
    const available = this.#record.plan.classes
      .map((terms) => terms.name)
      .filter((name) =>
        request.candidates.some(
          (each) =>
            asksOthers &&
            each.className === name &&
            each.available &&
            this.#try(request, name, each.quote).fit === 'fits',
        ),
      );
    return {
      verdict: 'refused',
      reason,
      ...(gate === undefined ? {} : { gate: gate.name }),
      ...(opensAt === undefined ? {} : { opensAt }),
      available,
      remaining: this.money.remaining(),
      used: this.#standings(request),
    };
  }

  #standings(request: DecisionRequest): Record<string, bigint> {
    const own = this.windows
      .counters(request, '')
      .filter((counter) => counter.gate.scope !== 'everyone');
    return Object.fromEntries(own.map((counter) => [counter.name, this.windows.used(counter)]));
  }

  /** @returns whether it was raised; `undefined` where no such hold is open. */
  extend(atMs: number, id: string, upTo: Amounts): boolean | undefined {
    this.#record.advance(atMs);
    const use = this.#record.uses.find((each) => each.id === id && each.open);
    if (use === undefined) return undefined;
    const heldCharge = sum(use.parts.map((part) => part.amount));
    const charge = max(heldCharge, this.money.payable(use, BigInt(upTo.chargeNanoUsd)));
    const raised = use.counted.map((counted) =>
      max(counted.amount, amountIn(counted.unit, upTo, counted.amount, charge)),
    );
    for (const [index, counted] of use.counted.entries()) {
      const more = (raised[index] ?? 0n) - counted.amount;
      if (more === 0n || !this.windows.stillCounts(counted)) continue;
      const used = sum(this.windows.sharingWindow(counted).map((other) => other.amount));
      if (!this.windows.hasRoom({ ...counted, used }, more, counted.limit)) return false;
    }
    const parts = this.money.waterfall(charge - heldCharge, use.mode, use.period);
    if (parts === undefined) return false;
    for (const [index, counted] of use.counted.entries())
      counted.amount = raised[index] ?? counted.amount;
    use.parts.push(...parts);
    return true;
  }

  /** @param actual `undefined` = void. @returns `undefined` where no such hold is open. */
  end(atMs: number, id: string, actual: Amounts | undefined): ReferenceSettlement | undefined {
    this.#record.advance(atMs);
    const use = this.#record.uses.find((each) => each.id === id && each.open);
    if (use === undefined) return undefined;
    const charge =
      actual === undefined ? 0n : this.money.payable(use, BigInt(actual.chargeNanoUsd));
    for (const counted of use.counted) {
      counted.amount =
        actual === undefined ? 0n : amountIn(counted.unit, actual, counted.amount, charge);
    }
    use.open = false;
    const byPayer = { allowance: 0n, promotional: 0n, bought: 0n, overage: 0n };
    let left = charge;
    const pay = (part: Part): void => {
      const amount = min(left, part.amount);
      if (amount === 0n) return;
      left -= amount;
      this.money.pay(part.bucket, amount, use.period);
      byPayer[payerOf(part.bucket)] += amount;
    };
    // Parts of one bucket that an extension added stand behind the others, but pay with the first.
    const buckets = [...new Set(use.parts.map((part) => part.bucket))];
    for (const bucket of buckets) {
      pay({
        bucket,
        amount: sum(use.parts.filter((part) => part.bucket === bucket).map((part) => part.amount)),
      });
    }
    const overrun = left;
    for (const part of this.money.waterfall(overrun, use.mode, use.period, true) ?? []) pay(part);
    if (use.mode === 'metered')
      this.#record.postings.push({ bucket: `fare ${use.period}`, amount: charge });
    return { charge, overrun, byPayer };
  }
}

function payerOf(bucket: string): Kind | 'overage' {
  if (bucket === 'overage') return 'overage';
  return bucket === 'debt' ? 'bought' : (bucket.split(' ')[1] as Kind);
}
