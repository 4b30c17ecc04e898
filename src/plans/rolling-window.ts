import type { ByteReader, ByteWriter } from './bytes.ts';
import type { WindowCounter } from './window-counter.ts';

/**
 * The last `windowMs` up to now: what happened at `t` counts while `now < t + windowMs`.
 *
 * Amounts stand in a ring of entries, each with a stamp: the last instant of its quantum. With a
 * quantum of 1 ms the window slides exactly. With a quantum of a sixtieth of the window an amount
 * counts up to that much longer: the gate may refuse early, never admit late, in at most 61 entries.
 */
export class RollingWindow implements WindowCounter {
  readonly kind = 'rolling';
  readonly key: number;
  readonly windowMs: number;
  quantumMs: number;
  used = 0;
  #stamps: Float64Array;
  #amounts: Float64Array;
  #head = 0;
  #count = 0;
  /** Capacity minus one; the capacity is a power of two. */
  #mask: number;

  constructor(key: number, windowMs: number, quantumMs: number) {
    this.key = key;
    this.windowMs = windowMs;
    this.quantumMs = quantumMs;
    this.#stamps = new Float64Array(8);
    this.#amounts = new Float64Array(8);
    this.#mask = 7;
  }

  roll(nowMs: number): void {
    const oldest = nowMs - this.windowMs;
    let head = this.#head;
    let left = this.#count;
    for (; left > 0 && (this.#stamps[head] ?? 0) <= oldest; left--) {
      this.used -= this.#amounts[head] ?? 0;
      head = (head + 1) & this.#mask;
    }
    this.#head = head;
    this.#count = left;
  }

  add(nowMs: number, amount: number): number {
    const at = (this.#head + this.#count - 1) & this.#mask;
    const last = this.#count > 0 ? (this.#stamps[at] ?? 0) : -Infinity;
    // Nothing may stand before the last entry: after a change of quantum that one can lie ahead.
    if (last < nowMs) {
      const stamp = this.#endOfQuantum(nowMs);
      if (amount > 0) this.#put(stamp, amount);
      return stamp;
    }
    this.used += amount;
    this.#amounts[at] = (this.#amounts[at] ?? 0) + amount;
    return last;
  }

  /** A remainder of doubles is ten times as slow as this division, which is exact for instants. */
  #endOfQuantum(nowMs: number): number {
    return (Math.floor(nowMs / this.quantumMs) + 1) * this.quantumMs - 1;
  }

  holds(stamp: number, nowMs: number): boolean {
    return nowMs < stamp + this.windowMs;
  }

  adjust(stamp: number, delta: number, nowMs: number): void {
    if (delta === 0 || !this.holds(stamp, nowMs)) return;
    if (delta > 0) {
      this.#put(stamp, delta);
      return;
    }
    const index = this.#find(stamp);
    if (index < 0) return;
    const at = (this.#head + index) & this.#mask;
    const left = (this.#amounts[at] ?? 0) + delta;
    if (left < 0) throw new Error(`invariant broken: a rolling window would count ${left}`);
    this.used += delta;
    this.#amounts[at] = left;
    // An entry of nothing would let aborted requests fill memory.
    if (left === 0) this.#remove(index);
  }

  nextChangeMs(nowMs: number): number {
    return this.#count > 0 ? this.#stamp(0) + this.windowMs : nowMs;
  }

  opensAtMs(nowMs: number, room: number): number {
    let freed = 0;
    let opensAt = nowMs;
    for (let i = 0; i < this.#count && freed < room; i++) {
      freed += this.#amount(i);
      opensAt = this.#stamp(i) + this.windowMs;
    }
    return opensAt;
  }

  emptyAtMs(): number {
    return this.#count > 0 ? this.#stamp(this.#count - 1) + this.windowMs : 0;
  }

  clone(): RollingWindow {
    const copy = new RollingWindow(this.key, this.windowMs, this.quantumMs);
    copy.copyFrom(this);
    return copy;
  }

  copyFrom(other: WindowCounter): void {
    if (!(other instanceof RollingWindow)) throw new TypeError('not a rolling window');
    if (this.#mask < other.#count) this.#resize(other.#mask + 1);
    this.quantumMs = other.quantumMs;
    this.used = other.used;
    this.#head = 0;
    this.#count = other.#count;
    for (let i = 0; i < other.#count; i++) {
      this.#stamps[i] = other.#stamp(i);
      this.#amounts[i] = other.#amount(i);
    }
  }

  write(writer: ByteWriter): void {
    writer.varint(this.windowMs);
    writer.varint(this.quantumMs);
    writer.varint(this.#count);
    let previous = 0;
    for (let i = 0; i < this.#count; i++) {
      const stamp = this.#stamp(i);
      writer.varint(stamp - previous);
      writer.varint(this.#amount(i));
      previous = stamp;
    }
  }

  static read(key: number, reader: ByteReader): RollingWindow {
    const window = new RollingWindow(key, reader.varint(), reader.varint());
    const count = reader.varint();
    let stamp = 0;
    for (let i = 0; i < count; i++) {
      stamp += reader.varint();
      window.#put(stamp, reader.varint());
    }
    return window;
  }

  #stamp(index: number): number {
    return this.#stamps[(this.#head + index) & this.#mask] ?? 0;
  }

  #amount(index: number): number {
    return this.#amounts[(this.#head + index) & this.#mask] ?? 0;
  }

  /** Searched from the newest: most holds end soon after they began. */
  #find(stamp: number): number {
    for (let i = this.#count - 1; i >= 0; i--) {
      const found = this.#stamp(i);
      if (found === stamp) return i;
      if (found < stamp) return -1;
    }
    return -1;
  }

  #put(stamp: number, amount: number): void {
    this.used += amount;
    let index = this.#count;
    if (index > this.#mask) this.#resize(2 * (this.#mask + 1));
    while (index > 0 && this.#stamp(index - 1) > stamp) index--;
    if (index > 0 && this.#stamp(index - 1) === stamp) {
      const at = (this.#head + index - 1) & this.#mask;
      this.#amounts[at] = (this.#amounts[at] ?? 0) + amount;
      return;
    }
    for (let i = this.#count; i > index; i--) this.#set(i, this.#stamp(i - 1), this.#amount(i - 1));
    this.#set(index, stamp, amount);
    this.#count++;
  }

  #set(index: number, stamp: number, amount: number): void {
    const at = (this.#head + index) & this.#mask;
    this.#stamps[at] = stamp;
    this.#amounts[at] = amount;
  }

  #remove(index: number): void {
    for (let i = index; i < this.#count - 1; i++)
      this.#set(i, this.#stamp(i + 1), this.#amount(i + 1));
    this.#count--;
  }

  #resize(capacity: number): void {
    const stamps = new Float64Array(capacity);
    const amounts = new Float64Array(capacity);
    for (let i = 0; i < this.#count; i++) {
      stamps[i] = this.#stamp(i);
      amounts[i] = this.#amount(i);
    }
    this.#stamps = stamps;
    this.#amounts = amounts;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
