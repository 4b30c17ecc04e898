import type { ByteReader, ByteWriter } from './bytes.ts';
import { type CalendarUnit, calendarRange } from './calendar.ts';
import type { WindowCounter, WindowFrame } from './window-counter.ts';

/**
 * Windows with a start and an end, which empty all at once. The stamp of an amount is the start of
 * the window it went into.
 */
abstract class FixedWindow {
  readonly key: number;
  used = 0;
  startMs = 0;
  /** Exclusive; 0 where the window has never begun. */
  endMs = 0;

  constructor(key: number) {
    this.key = key;
  }

  add(_nowMs: number, amount: number): number {
    this.used += amount;
    return this.startMs;
  }

  holds(stamp: number, nowMs: number): boolean {
    return stamp === this.startMs && nowMs < this.endMs;
  }

  adjust(stamp: number, delta: number): void {
    if (stamp === this.startMs) this.used += delta;
  }

  nextChangeMs(nowMs: number): number {
    return this.endMs > nowMs ? this.endMs : nowMs;
  }

  opensAtMs(nowMs: number): number {
    return this.nextChangeMs(nowMs);
  }

  emptyAtMs(): number {
    return this.endMs;
  }

  copyFrom(other: WindowCounter): void {
    if (!(other instanceof FixedWindow))
      throw new TypeError('not a window with a start and an end');
    this.used = other.used;
    this.startMs = other.startMs;
    this.endMs = other.endMs;
  }

  protected writeSpan(writer: ByteWriter): void {
    writer.varint(this.startMs);
    writer.varint(this.endMs);
    writer.varint(this.used);
  }

  protected readSpan(reader: ByteReader): this {
    this.startMs = reader.varint();
    this.endMs = reader.varint();
    this.used = reader.varint();
    return this;
  }
}

/** Begins with the first admission and lasts `windowMs`; the next admission after its end begins another. */
export class SessionWindow extends FixedWindow implements WindowCounter {
  readonly kind = 'session';
  readonly windowMs: number;

  constructor(key: number, windowMs: number) {
    super(key);
    this.windowMs = windowMs;
  }

  roll(nowMs: number): void {
    if (nowMs < this.endMs) return;
    this.used = 0;
    this.startMs = 0;
    this.endMs = 0;
  }

  override add(nowMs: number, amount: number): number {
    if (this.endMs === 0) {
      this.startMs = nowMs;
      this.endMs = nowMs + this.windowMs;
    }
    return super.add(nowMs, amount);
  }

  clone(): SessionWindow {
    const copy = new SessionWindow(this.key, this.windowMs);
    copy.copyFrom(this);
    return copy;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.windowMs);
    this.writeSpan(writer);
  }

  static read(key: number, reader: ByteReader): SessionWindow {
    return new SessionWindow(key, reader.varint()).readSpan(reader);
  }
}

const CALENDAR_UNITS = ['day', 'week', 'month'] as const;

/** A calendar day, week or month in the time zone that was in force when it began. */
export class CalendarWindow extends FixedWindow implements WindowCounter {
  readonly kind = 'calendar';
  readonly unit: CalendarUnit;

  constructor(key: number, unit: CalendarUnit) {
    super(key);
    this.unit = unit;
  }

  roll(nowMs: number, frame: WindowFrame): void {
    if (nowMs < this.endMs) return;
    const range = calendarRange(this.unit, nowMs, frame.timeZone);
    // After a change of zone the new range may have begun inside the old one: never count an instant twice.
    this.startMs = Math.max(range.startMs, this.endMs);
    this.endMs = range.endMs;
    this.used = 0;
  }

  clone(): CalendarWindow {
    const copy = new CalendarWindow(this.key, this.unit);
    copy.copyFrom(this);
    return copy;
  }

  write(writer: ByteWriter): void {
    writer.varint(CALENDAR_UNITS.indexOf(this.unit));
    this.writeSpan(writer);
  }

  static read(key: number, reader: ByteReader): CalendarWindow {
    return new CalendarWindow(key, CALENDAR_UNITS[reader.varint()] ?? 'day').readSpan(reader);
  }
}

/** The subscription's billing period. */
export class CycleWindow extends FixedWindow implements WindowCounter {
  readonly kind = 'cycle';

  roll(_nowMs: number, frame: WindowFrame): void {
    this.endMs = frame.periodEndMs;
    if (this.startMs === frame.periodStartMs) return;
    this.startMs = frame.periodStartMs;
    this.used = 0;
  }

  clone(): CycleWindow {
    const copy = new CycleWindow(this.key);
    copy.copyFrom(this);
    return copy;
  }

  write(writer: ByteWriter): void {
    this.writeSpan(writer);
  }

  static read(key: number, reader: ByteReader): CycleWindow {
    return new CycleWindow(key).readSpan(reader);
  }
}
