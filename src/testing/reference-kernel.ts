import type { Amounts, DecisionRequest, RefusalReason } from '#plans/decision.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import { referenceRange } from './reference-calendar.ts';

/**
 * The plan rules once more, as plainly as they can be said: `bigint`, a list of everything that ever
 * happened, and every count and balance added up anew from that list. It shares no code with the
 * kernel, which must agree with it on every decision and every nano-dollar.
 */

type Kind = 'allowance' | 'promotional' | 'bought';
type Mode = 'included' | 'credits' | 'overage' | 'metered';
const KINDS: readonly Kind[] = ['allowance', 'promotional', 'bought'];

/** One line of the account's money: a signed change of one bucket. */
interface Posting {
  readonly bucket: string;
  readonly amount: bigint;
}

interface Part {
  readonly bucket: string;
  readonly amount: bigint;
}

interface Counted {
  /** Which counter: gate, class, unit, scope, window, and whose. */
  readonly counter: string;
  readonly unit: Gate['unit'];
  /** The window it went into: its start, or the last instant of its quantum. */
  readonly place: bigint;
  readonly limit: bigint;
  amount: bigint;
}

/** One admitted request, for ever. */
interface Use {
  readonly id: string;
  readonly at: bigint;
  readonly period: bigint;
  readonly mode: Mode;
  readonly fareCap: bigint | undefined;
  readonly fareRoom: bigint | undefined;
  readonly counted: Counted[];
  open: boolean;
  parts: Part[];
}

/** One counter that a gate sets up for one request. */
interface Counter {
  readonly name: string;
  readonly counter: string;
  readonly gate: Gate;
  readonly limit: bigint;
  readonly counts: boolean;
}

interface Trial {
  readonly fit: 'fits' | 'gate' | 'funds';
  readonly gate: Counter | undefined;
  readonly because: Counter | undefined;
  readonly mode: Mode;
  readonly slow: boolean;
  readonly charge: bigint;
  readonly fareRoom: bigint | undefined;
  readonly parts: readonly Part[];
  readonly counted: readonly { counter: Counter; amount: bigint }[];
}

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

const KEY_CAP: Omit<Gate, 'limit'> = {
  id: 'key-cap',
  unit: 'charge',
  window: { kind: 'calendar', unit: 'month' },
  scope: 'key',
  classes: [],
  whenFull: { do: 'refuse' },
};

export class ReferenceKernel {
  plan: PlanVersion;
  now = 0n;
  customerCap: bigint | undefined;
  readonly uses: Use[] = [];
  readonly postings: Posting[] = [];
  /** Newest last. */
  readonly periods: { start: bigint; end: bigint; zone: string }[] = [];
  /** Calendar windows, once begun, last to their end. */
  readonly #calendars = new Map<string, { start: bigint; end: bigint }>();
  /** By counter: where room was last set aside, and what others had used by then. */
  readonly #asides = new Map<string, { place: bigint; foreign: bigint }>();

  constructor(plan: PlanVersion) {
    this.plan = plan;
  }

  // What the list adds up to

  balance(bucket: string): bigint {
    let total = 0n;
    for (const posting of this.postings) if (posting.bucket === bucket) total += posting.amount;
    return total;
  }

  #held(bucket: string, period?: bigint): bigint {
    let total = 0n;
    for (const use of this.uses) {
      if (!use.open || (period !== undefined && use.period !== period)) continue;
      for (const part of use.parts) if (part.bucket === bucket) total += part.amount;
    }
    return total;
  }

  held(): bigint {
    return sum(this.uses.flatMap((use) => (use.open ? use.parts.map((part) => part.amount) : [])));
  }

  kindBalance(kind: Kind): bigint {
    const lots = this.#lots().filter((lot) => lot.kind === kind);
    return (
      sum(lots.map((lot) => this.balance(lot.bucket))) -
      (kind === 'bought' ? this.balance('debt') : 0n)
    );
  }

  /** Every lot there ever was, in the order of the waterfall. */
  #lots(): { bucket: string; kind: Kind; expires: bigint }[] {
    const buckets = new Set<string>();
    for (const { bucket } of this.postings) if (bucket.startsWith('lot ')) buckets.add(bucket);
    const lots = [...buckets].map((bucket) => {
      const [, kind, expires] = bucket.split(' ');
      return { bucket, kind: kind as Kind, expires: BigInt(expires ?? 0) };
    });
    return lots.sort(
      (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.expires < b.expires ? -1 : 1),
    );
  }

  remaining(): bigint {
    const free = this.#lots()
      .filter((lot) => this.now < lot.expires)
      .map((lot) => this.balance(lot.bucket) - this.#held(lot.bucket));
    return sum(free) - this.balance('debt') - this.#held('debt');
  }

  #isRecent(period: bigint): boolean {
    return this.periods.slice(-2).some((each) => each.start === period);
  }

  // Gates

  /** The plan's counters for a request, in walking order. */
  #counters(request: DecisionRequest, className: string): Counter[] {
    const declared = [
      ...this.plan.gates.filter((gate) => gate.unit !== 'credits'),
      ...this.plan.gates.filter((gate) => gate.unit === 'credits'),
    ];
    const cap = request.keyCapNanoUsd;
    const gates: Gate[] = cap === undefined ? declared : [...declared, { ...KEY_CAP, limit: cap }];
    return gates.flatMap((gate) => {
      const named =
        gate.classes.length > 0 ? gate.classes : this.plan.classes.map((terms) => terms.name);
      const owner =
        gate.scope === 'member' ? request.memberId : gate.scope === 'key' ? request.keyId : '';
      if (owner === undefined) return [];
      const classes = gate.scope === 'class' ? named : [''];
      return classes.map((only) => ({
        name: only === '' ? gate.id : `${gate.id}/${only}`,
        counter: counterName(gate, only, owner),
        gate,
        limit: BigInt(gate.limit),
        counts: only === '' ? named.includes(className) : only === className,
      }));
    });
  }

  #counted(counter: Counter): { at: bigint; place: bigint; amount: bigint }[] {
    const found: { at: bigint; place: bigint; amount: bigint }[] = [];
    for (const use of this.uses) {
      for (const { counter: name, place, amount } of use.counted) {
        if (name === counter.counter) found.push({ at: use.at, place, amount });
      }
    }
    return found;
  }

  /** What counts now, and how each amount leaves. */
  #live(counter: Counter): { amount: bigint; leaves: bigint }[] {
    const { window } = counter.gate;
    const all = this.#counted(counter);
    if (window.kind === 'rolling') {
      const length = BigInt(window.seconds) * 1000n;
      const live = all.filter((each) => this.now < each.place + length);
      const exact = sum(
        all.filter((each) => this.now < each.at + length).map((each) => each.amount),
      );
      const used = sum(live.map((each) => each.amount));
      if (used < exact) throw new Error('a rolling window counts less than the exact one');
      return live.map((each) => ({ amount: each.amount, leaves: each.place + length }));
    }
    const current = this.#current(counter);
    if (current === undefined) return [];
    return all
      .filter((each) => each.place === current.start)
      .map((each) => ({ amount: each.amount, leaves: current.end }));
  }

  /** The window that is running, of the kinds that have a start. */
  #current(counter: Counter): { start: bigint; end: bigint } | undefined {
    const { window } = counter.gate;
    if (window.kind === 'session') {
      const start = this.#counted(counter).at(-1)?.place;
      const length = BigInt(window.seconds) * 1000n;
      return start !== undefined && this.now < start + length
        ? { start, end: start + length }
        : undefined;
    }
    if (window.kind === 'calendar') return this.#calendars.get(counter.counter);
    return this.periods.at(-1);
  }

  #rollCalendar(counter: Counter): void {
    const { window, scope } = counter.gate;
    if (window.kind !== 'calendar') return;
    const running = this.#calendars.get(counter.counter);
    if (running !== undefined && this.now < running.end) return;
    const zone = scope === 'everyone' ? 'UTC' : (this.periods.at(-1)?.zone ?? 'UTC');
    const range = referenceRange(window.unit, Number(this.now), zone);
    const start = BigInt(range.startMs);
    const after = running === undefined || start > running.end ? start : running.end;
    this.#calendars.set(counter.counter, { start: after, end: BigInt(range.endMs) });
  }

  used(counter: Counter): bigint {
    return sum(this.#live(counter).map((each) => each.amount));
  }

  /**
   * Room of a gate of scope everyone is set aside for this process, as of now. What others use from
   * here on takes nothing of it: they come after it, although they may be counted first.
   */
  setAside(gate: Gate, place: bigint): void {
    const counter = counterName(gate, '', '');
    this.#asides.set(counter, { place, foreign: this.#foreign(counter, place) });
  }

  #foreign(counter: string, place: bigint): bigint {
    let total = 0n;
    for (const use of this.uses) {
      if (use.id !== '') continue;
      for (const each of use.counted)
        if (each.counter === counter && each.place === place) total += each.amount;
    }
    return total;
  }

  /** What others used of a shared counter since room was set aside. */
  #usedAfter(counter: string, place: bigint): bigint {
    const aside = this.#asides.get(counter);
    return aside?.place === place ? this.#foreign(counter, place) - aside.foreign : 0n;
  }

  /** What stands in the way of more. */
  #taken(counter: Counter): bigint {
    const used = this.used(counter);
    const place = counter.gate.scope === 'everyone' ? this.#current(counter)?.start : undefined;
    return place === undefined ? used : used - this.#usedAfter(counter.counter, place);
  }

  /** Another process's use of a gate of scope everyone, in the window that began at `place`. */
  countForeign(gateId: string, amount: bigint, place: bigint): void {
    const gate = this.plan.gates.find((each) => each.id === gateId);
    if (gate === undefined) return;
    const counter = counterName(gate, '', '');
    const counted = [{ counter, unit: gate.unit, place, limit: BigInt(gate.limit), amount }];
    const blank = { fareCap: undefined, fareRoom: undefined, parts: [] };
    this.uses.push({
      id: '',
      at: this.now,
      period: 0n,
      mode: 'included',
      ...blank,
      counted,
      open: false,
    });
  }

  #place(counter: Counter): bigint {
    const { window } = counter.gate;
    if (window.kind !== 'rolling') return this.#current(counter)?.start ?? this.now;
    const length = BigInt(window.seconds) * 1000n;
    const quantum = this.#slidesExactly(counter) ? 1n : max(1n, length / 60n);
    // After a change of quantum an earlier amount may stand ahead of now: nothing is put before it.
    const ahead = this.#counted(counter)
      .filter((each) => each.amount > 0n && each.place >= this.now)
      .map((each) => each.place);
    return ahead.length > 0 ? ahead.reduce(max) : (this.now / quantum + 1n) * quantum - 1n;
  }

  #slidesExactly({ gate, name }: Counter): boolean {
    const only = gate.scope === 'class' ? [name.slice(gate.id.length + 1)] : gate.classes;
    const weights = this.plan.classes
      .filter((terms) => (only.length === 0 || only.includes(terms.name)) && terms.weightMilli > 0)
      .map((terms) => terms.weightMilli);
    return gate.unit === 'messages' && weights.every((weight) => gate.limit <= 256 * weight);
  }

  // Requests

  decide(request: DecisionRequest): ReferenceDecision {
    this.#advance(request.atMs);
    for (const counter of this.#counters(request, '')) this.#rollCalendar(counter);
    const period = this.periods.at(-1);
    if (period === undefined || this.now < period.start || this.now >= period.end) {
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
    return this.plan.classes.find((terms) => terms.name === className)?.weightMilli;
  }

  #try(request: DecisionRequest, className: string, quote: Amounts): Trial {
    let mode: Mode = this.plan.billing === 'metered' ? 'metered' : 'included';
    let slow = false;
    let because: Counter | undefined;
    const counted: { counter: Counter; amount: bigint }[] = [];
    const fareRoom =
      mode === 'metered' && this.plan.fareCapNanoUsd !== undefined
        ? max(0n, BigInt(this.plan.fareCapNanoUsd) - this.fareCharged(this.#periodStart()))
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
    for (const counter of this.#counters(request, className)) {
      if (!counter.counts) continue;
      const paid = mode === 'included' ? 0n : charge;
      const amount = amountIn(counter.gate.unit, quote, BigInt(this.#weight(className) ?? 0), paid);
      if (amount === 0n || this.#taken(counter) + amount <= counter.limit) {
        counted.push({ counter, amount });
        continue;
      }
      const action = counter.gate.whenFull.do;
      if (action === 'refuse' || action === 'fallback') return done('gate', counter);
      because ??= counter;
      if (action === 'slow') slow = true;
      else if (mode === 'included' || (mode === 'overage' && action === 'credits')) mode = action;
    }
    const parts = this.#waterfall(mode === 'included' ? 0n : charge, mode, this.#periodStart());
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
    let used = this.used(trial.gate);
    let opens = this.now;
    for (const live of this.#live(trial.gate).sort((a, b) => (a.leaves < b.leaves ? -1 : 1))) {
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
      this.plan.fareCapNanoUsd,
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
      remaining: this.remaining(),
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
    this.uses.push({
      id,
      at: this.now,
      period: this.#periodStart(),
      mode,
      fareCap: mode === 'metered' && fareCap !== undefined ? BigInt(fareCap) : undefined,
      fareRoom,
      counted: counted.map(({ counter, amount }) => ({
        counter: counter.counter,
        unit: counter.gate.unit,
        place: this.#place(counter),
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
    const available = this.plan.classes
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
      remaining: this.remaining(),
      used: this.#standings(request),
    };
  }

  #standings(request: DecisionRequest): Record<string, bigint> {
    const own = this.#counters(request, '').filter((counter) => counter.gate.scope !== 'everyone');
    return Object.fromEntries(own.map((counter) => [counter.name, this.used(counter)]));
  }

  /** All or nothing; `undefined` where the buckets do not cover it. */
  #waterfall(amount: bigint, mode: Mode, period: bigint, partly = false): Part[] | undefined {
    const parts: Part[] = [];
    const credit = max(0n, this.remaining() + BigInt(this.plan.overdraftNanoUsd));
    let credits = min(amount, credit);
    let left = amount - credits;
    for (const lot of this.#lots()) {
      if (this.now >= lot.expires) continue;
      const part = min(credits, this.balance(lot.bucket) - this.#held(lot.bucket));
      if (part > 0n) parts.push({ bucket: lot.bucket, amount: part });
      credits -= part;
    }
    if (credits > 0n) parts.push({ bucket: 'debt', amount: credits });
    if (left > 0n && (mode === 'overage' || mode === 'metered') && this.#isRecent(period)) {
      const cap = min(
        BigInt(this.plan.overageCapNanoUsd),
        this.customerCap ?? BigInt(this.plan.overageCapNanoUsd),
      );
      const room = max(0n, cap - this.balance(`overage ${period}`) - this.#held('overage', period));
      const part = min(left, room);
      if (part > 0n) parts.push({ bucket: 'overage', amount: part });
      left -= part;
    }
    if (left === 0n) return parts;
    return partly ? [...parts, { bucket: 'debt', amount: left }] : undefined;
  }

  fareCharged(period: bigint): bigint {
    return this.balance(`fare ${period}`);
  }

  #payable(use: Use, charge: bigint): bigint {
    if (use.mode === 'included') return 0n;
    let payable = charge;
    if (use.fareRoom !== undefined) payable = min(payable, use.fareRoom);
    const charged = this.#isRecent(use.period) ? this.fareCharged(use.period) : 0n;
    if (use.fareCap !== undefined) payable = min(payable, max(0n, use.fareCap - charged));
    return payable;
  }

  /** @returns whether it was raised; `undefined` where no such hold is open. */
  extend(atMs: number, id: string, upTo: Amounts): boolean | undefined {
    this.#advance(atMs);
    const use = this.uses.find((each) => each.id === id && each.open);
    if (use === undefined) return undefined;
    const heldCharge = sum(use.parts.map((part) => part.amount));
    const charge = max(heldCharge, this.#payable(use, BigInt(upTo.chargeNanoUsd)));
    const raised = use.counted.map((counted) =>
      max(counted.amount, amountIn(counted.unit, upTo, counted.amount, charge)),
    );
    for (const [index, counted] of use.counted.entries()) {
      const more = (raised[index] ?? 0n) - counted.amount;
      if (more === 0n || !this.#stillCounts(counted)) continue;
      const used = sum(this.#sharingWindow(counted).map((other) => other.amount));
      const later = this.#usedAfter(counted.counter, counted.place);
      if (used - later + more > counted.limit) return false;
    }
    const parts = this.#waterfall(charge - heldCharge, use.mode, use.period);
    if (parts === undefined) return false;
    for (const [index, counted] of use.counted.entries())
      counted.amount = raised[index] ?? counted.amount;
    use.parts.push(...parts);
    return true;
  }

  #asCounter(counted: Counted): { window: Gate['window']; counter: Counter } {
    const window = (JSON.parse(counted.counter) as unknown[])[4] as Gate['window'];
    const gate = { ...KEY_CAP, window, limit: 0 };
    return {
      window,
      counter: { name: '', counter: counted.counter, gate, limit: 0n, counts: true },
    };
  }

  #stillCounts(counted: Counted): boolean {
    const { window, counter } = this.#asCounter(counted);
    if (window.kind === 'rolling') return this.now < counted.place + BigInt(window.seconds) * 1000n;
    const current = this.#current(counter);
    return current !== undefined && current.start === counted.place && this.now < current.end;
  }

  #sharingWindow(counted: Counted): Counted[] {
    return this.uses
      .flatMap((use) => use.counted)
      .filter((other) => other.counter === counted.counter && this.#stillCounts(other));
  }

  /** @param actual `undefined` = void. @returns `undefined` where no such hold is open. */
  end(atMs: number, id: string, actual: Amounts | undefined): ReferenceSettlement | undefined {
    this.#advance(atMs);
    const use = this.uses.find((each) => each.id === id && each.open);
    if (use === undefined) return undefined;
    const charge = actual === undefined ? 0n : this.#payable(use, BigInt(actual.chargeNanoUsd));
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
      this.#pay(part.bucket, amount, use.period);
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
    for (const part of this.#waterfall(overrun, use.mode, use.period, true) ?? []) pay(part);
    if (use.mode === 'metered')
      this.postings.push({ bucket: `fare ${use.period}`, amount: charge });
    return { charge, overrun, byPayer };
  }

  #pay(bucket: string, amount: bigint, period: bigint): void {
    if (bucket === 'overage') this.postings.push({ bucket: `overage ${period}`, amount });
    else this.postings.push({ bucket, amount: bucket === 'debt' ? amount : -amount });
  }

  // Money

  grant(atMs: number, kind: Kind, amount: bigint, expires: bigint): void {
    this.#advance(atMs);
    this.#credit(kind, amount, expires);
  }

  #credit(kind: Kind, amount: bigint, expires: bigint): void {
    const repaid = min(this.balance('debt'), amount);
    this.postings.push({ bucket: 'debt', amount: -repaid });
    this.postings.push({ bucket: `lot ${kind} ${expires}`, amount: amount - repaid });
  }

  refund(
    given: {
      atMs: number;
      payer: Kind | 'overage';
      amount: bigint;
      expires: bigint;
      admittedAt: bigint;
    },
    never: bigint,
  ): void {
    this.#advance(given.atMs);
    const period = this.#periodStart();
    let { amount } = given;
    if (given.admittedAt >= period) {
      this.postings.push({
        bucket: `fare ${period}`,
        amount: -min(this.fareCharged(period), amount),
      });
      if (given.payer === 'overage') {
        const reversed = min(this.balance(`overage ${period}`), amount);
        this.postings.push({ bucket: `overage ${period}`, amount: -reversed });
        amount -= reversed;
      }
    }
    if (given.payer !== 'overage' && this.now < given.expires)
      this.#credit(given.payer, amount, given.expires);
    else this.#credit('promotional', amount, never);
  }

  setCustomerCap(atMs: number, cap: bigint | undefined): void {
    this.#advance(atMs);
    this.customerCap = cap;
  }

  expire(atMs: number): void {
    this.#advance(atMs);
    for (const lot of this.#lots()) {
      if (this.now < lot.expires) continue;
      this.postings.push({
        bucket: lot.bucket,
        amount: this.#held(lot.bucket) - this.balance(lot.bucket),
      });
    }
  }

  renew(atMs: number, period: { start: bigint; end: bigint; zone: string }): void {
    this.#advance(atMs);
    const { rollover, perPeriodNanoUsd } = this.plan.credits;
    const left = this.#lots()
      .filter((lot) => lot.kind === 'allowance' && this.now >= lot.expires)
      .map((lot) => this.balance(lot.bucket) - this.#held(lot.bucket));
    const carried = rollover.kind === 'none' ? 0n : min(sum(left), BigInt(rollover.maxNanoUsd));
    this.expire(atMs);
    this.periods.push(period);
    this.#credit('allowance', BigInt(perPeriodNanoUsd) + carried, period.end);
  }

  changePlan(atMs: number, next: PlanVersion): void {
    this.#advance(atMs);
    const period = this.periods.at(-1);
    const difference =
      BigInt(next.credits.perPeriodNanoUsd) - BigInt(this.plan.credits.perPeriodNanoUsd);
    this.plan = next;
    if (period === undefined || this.now >= period.end) return;
    let prorated = halfEven(difference * (period.end - this.now), period.end - period.start);
    if (prorated >= 0n) {
      this.#credit('allowance', prorated, period.end);
      return;
    }
    for (const lot of this.#lots()) {
      if (lot.kind !== 'allowance' || this.now >= lot.expires) continue;
      const part = min(-prorated, this.balance(lot.bucket) - this.#held(lot.bucket));
      this.postings.push({ bucket: lot.bucket, amount: -part });
      prorated += part;
    }
  }

  #advance(atMs: number): void {
    this.now = max(this.now, BigInt(atMs));
  }

  #periodStart(): bigint {
    return this.periods.at(-1)?.start ?? 0n;
  }
}

/** What makes two gates of two plans one counter. */
function counterName(gate: Gate, only: string, owner: string): string {
  const names = counterNames.get(gate) ?? new Map<string, string>();
  counterNames.set(gate, names);
  const memo = names.get(`${only} ${owner}`);
  if (memo !== undefined) return memo;
  const name = JSON.stringify([gate.id, only, gate.unit, gate.scope, gate.window, owner]);
  names.set(`${only} ${owner}`, name);
  return name;
}

const counterNames = new WeakMap<Gate, Map<string, string>>();

function amountIn(unit: Gate['unit'], amounts: Amounts, weight: bigint, paid: bigint): bigint {
  if (unit === 'messages') return weight;
  if (unit === 'tokens') return BigInt(amounts.tokens);
  if (unit === 'charge') return BigInt(amounts.chargeNanoUsd);
  return unit === 'cost' ? BigInt(amounts.costNanoUsd) : paid;
}

function payerOf(bucket: string): Kind | 'overage' {
  if (bucket === 'overage') return 'overage';
  return bucket === 'debt' ? 'bought' : (bucket.split(' ')[1] as Kind);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function halfEven(dividend: bigint, divisor: bigint): bigint {
  const sign = dividend < 0n ? -1n : 1n;
  const magnitude = dividend * sign;
  const below = magnitude / divisor;
  const twice = (magnitude % divisor) * 2n;
  return sign * (twice > divisor || (twice === divisor && below % 2n === 1n) ? below + 1n : below);
}
