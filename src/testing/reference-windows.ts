import type { DecisionRequest } from '#plans/decision.ts';
import type { Gate } from '#plans/plan-version.ts';
import { referenceRange } from './reference-calendar.ts';
import { type Counted, type Counter, max, type ReferenceRecord, sum } from './reference-record.ts';

const KEY_CAP: Omit<Gate, 'limit'> = {
  id: 'key-cap',
  unit: 'charge',
  window: { kind: 'calendar', unit: 'month' },
  scope: 'key',
  classes: [],
  whenFull: { do: 'refuse' },
};

/** What counts in which window of which gate, added up anew each time it is asked for. */
export class ReferenceWindows {
  readonly #record: ReferenceRecord;
  /** Calendar windows, once begun, last to their end. */
  readonly #calendars = new Map<string, { start: bigint; end: bigint }>();
  /** By counter: in which window room was last set aside for this process, how much, and under which limit. */
  readonly #asides = new Map<string, { place: bigint; room: bigint; limit: bigint }>();

  constructor(record: ReferenceRecord) {
    this.#record = record;
  }

  /** The plan's counters for a request, in walking order. */
  counters(request: DecisionRequest, className: string): Counter[] {
    const declared = [
      ...this.#record.plan.gates.filter((gate) => gate.unit !== 'credits'),
      ...this.#record.plan.gates.filter((gate) => gate.unit === 'credits'),
    ];
    const cap = request.keyCapNanoUsd;
    const gates: Gate[] = cap === undefined ? declared : [...declared, { ...KEY_CAP, limit: cap }];
    return gates.flatMap((gate) => {
      const named =
        gate.classes.length > 0
          ? gate.classes
          : this.#record.plan.classes.map((terms) => terms.name);
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
    for (const use of this.#record.uses) {
      for (const { counter: name, place, amount } of use.counted) {
        if (name === counter.counter) found.push({ at: use.at, place, amount });
      }
    }
    return found;
  }

  /** What counts now, and how each amount leaves. */
  live(counter: Counter): { amount: bigint; leaves: bigint }[] {
    const { window } = counter.gate;
    const all = this.#counted(counter);
    if (window.kind === 'rolling') {
      const length = BigInt(window.seconds) * 1000n;
      const live = all.filter((each) => this.#record.now < each.place + length);
      const exact = sum(
        all.filter((each) => this.#record.now < each.at + length).map((each) => each.amount),
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
      return start !== undefined && this.#record.now < start + length
        ? { start, end: start + length }
        : undefined;
    }
    if (window.kind === 'calendar') return this.#calendars.get(counter.counter);
    return this.#record.periods.at(-1);
  }

  rollCalendar(counter: Counter): void {
    const { window, scope } = counter.gate;
    if (window.kind !== 'calendar') return;
    const running = this.#calendars.get(counter.counter);
    if (running !== undefined && this.#record.now < running.end) return;
    const zone = scope === 'everyone' ? 'UTC' : (this.#record.periods.at(-1)?.zone ?? 'UTC');
    const range = referenceRange(window.unit, Number(this.#record.now), zone);
    const start = BigInt(range.startMs);
    const after = running === undefined || start > running.end ? start : running.end;
    this.#calendars.set(counter.counter, { start: after, end: BigInt(range.endMs) });
  }

  used(counter: Counter): bigint {
    return sum(this.live(counter).map((each) => each.amount));
  }

  /**
   * Of a gate of scope everyone, `room` is set aside for this process, as of now. What others use from
   * here on takes nothing of it: they come after it, although they may be counted first.
   */
  setAside(gate: Gate, place: bigint, room: bigint): void {
    this.#asides.set(counterName(gate, '', ''), { place, room, limit: BigInt(gate.limit) });
  }

  /**
   * Whether so much more fits beside all that is used: under the limit as it is now, or, whatever
   * others have used since, within the room that was set aside under it, or a lower one, before.
   */
  hasRoom(
    { counter, place, used }: { counter: string; place: bigint | undefined; used: bigint },
    amount: bigint,
    limit: bigint,
  ): boolean {
    if (used + amount <= limit) return true;
    const aside = this.#asides.get(counter);
    if (aside === undefined || aside.place !== place || aside.limit > limit) return false;
    return used - this.#foreign(counter, aside.place) + amount <= aside.room;
  }

  /** Whether a request may count so much more in a counter. */
  fits(counter: Counter, amount: bigint): boolean {
    const place = this.#current(counter)?.start;
    const used = this.used(counter);
    return this.hasRoom({ counter: counter.counter, place, used }, amount, counter.limit);
  }

  #foreign(counter: string, place: bigint): bigint {
    let total = 0n;
    for (const use of this.#record.uses) {
      if (use.id !== '') continue;
      for (const each of use.counted)
        if (each.counter === counter && each.place === place) total += each.amount;
    }
    return total;
  }

  /** Another process's use of a gate of scope everyone, in the window that began at `place`. */
  countForeign(gateId: string, amount: bigint, place: bigint): void {
    const gate = this.#record.plan.gates.find((each) => each.id === gateId);
    if (gate === undefined) return;
    const counter = counterName(gate, '', '');
    const counted = [{ counter, unit: gate.unit, place, limit: BigInt(gate.limit), amount }];
    const blank = { fareCap: undefined, fareRoom: undefined, parts: [] };
    this.#record.uses.push({
      id: '',
      at: this.#record.now,
      period: 0n,
      mode: 'included',
      ...blank,
      counted,
      open: false,
    });
  }

  place(counter: Counter): bigint {
    const { window } = counter.gate;
    if (window.kind !== 'rolling') return this.#current(counter)?.start ?? this.#record.now;
    const length = BigInt(window.seconds) * 1000n;
    const quantum = this.#slidesExactly(counter) ? 1n : max(1n, length / 60n);
    // After a change of quantum an earlier amount may stand ahead of now: nothing is put before it.
    const ahead = this.#counted(counter)
      .filter((each) => each.amount > 0n && each.place >= this.#record.now)
      .map((each) => each.place);
    return ahead.length > 0 ? ahead.reduce(max) : (this.#record.now / quantum + 1n) * quantum - 1n;
  }

  #slidesExactly({ gate, name }: Counter): boolean {
    const only = gate.scope === 'class' ? [name.slice(gate.id.length + 1)] : gate.classes;
    const weights = this.#record.plan.classes
      .filter((terms) => (only.length === 0 || only.includes(terms.name)) && terms.weightMilli > 0)
      .map((terms) => terms.weightMilli);
    return gate.unit === 'messages' && weights.every((weight) => gate.limit <= 256 * weight);
  }

  #asCounter(counted: Counted): { window: Gate['window']; counter: Counter } {
    const window = (JSON.parse(counted.counter) as unknown[])[4] as Gate['window'];
    const gate = { ...KEY_CAP, window, limit: 0 };
    return {
      window,
      counter: { name: '', counter: counted.counter, gate, limit: 0n, counts: true },
    };
  }

  stillCounts(counted: Counted): boolean {
    const { window, counter } = this.#asCounter(counted);
    if (window.kind === 'rolling')
      return this.#record.now < counted.place + BigInt(window.seconds) * 1000n;
    const current = this.#current(counter);
    return (
      current !== undefined && current.start === counted.place && this.#record.now < current.end
    );
  }

  sharingWindow(counted: Counted): Counted[] {
    return this.#record.uses
      .flatMap((use) => use.counted)
      .filter((other) => other.counter === counted.counter && this.stillCounts(other));
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
