import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { utcDay } from '#base/utc-day.ts';
import { exactSum } from './exact-sum.ts';
import {
  type DaySums,
  type Days,
  readDaySums,
  readSubscriberColumns,
  type SubscriberColumns,
} from './subscriber-sums.store.ts';

const DAY_MS = 86_400_000;
/** A request belongs to the day of its admission: what ran over midnight settles in the day before. */
const LATE_MS = 3_600_000;
/** Past days change by a late settlement or a superseded estimate: that shows after this long at most. */
const PAST_MS_MAX = 300_000;
/** Pages ask for the open days several times at once; who asks a moment later sees them anew. */
const OPEN_MS_MAX = 1_000;
/** Periods that are kept: what an operator looks at, with what came before it. */
const KEPT_MAX = 12;

interface Kept<T> {
  madeAtMs: number;
  value: Promise<T>;
}

/**
 * Sums over a period, of which only the open day is read anew each time (in its first hour, also the one
 * before): it is where live requests land. The days before are kept, and read again behind the scenes
 * when they are old.
 */
export class RecentSums {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #columns = new Map<string, Kept<readonly SubscriberColumns[]>>();
  readonly #days = new Map<string, Kept<readonly DaySums[]>>();
  readonly #open = new Map<string, Kept<readonly unknown[]>>();

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Forgets a book: it was loaded or dropped whole. */
  forget(book: Book): void {
    this.#open.clear();
    for (const map of [this.#columns, this.#days])
      for (const key of map.keys()) if (key.startsWith(`${book} `)) map.delete(key);
  }

  /** The columns of past and open days; who stands in both is to be added up. */
  async subscribers(book: Book, days: Days): Promise<readonly SubscriberColumns[]> {
    const { past, open } = this.#split(days);
    const [before, now] = await Promise.all([
      past === undefined
        ? []
        : this.#kept(this.#columns, book, past, () =>
            readSubscriberColumns(this.#pool, book, past, true),
          ),
      open === undefined
        ? []
        : this.#fresh(`${past === undefined} columns`, book, open, () =>
            readSubscriberColumns(this.#pool, book, open, past === undefined),
          ),
    ]);
    return [...before, ...now];
  }

  async days(book: Book, days: Days): Promise<readonly DaySums[]> {
    const { past, open } = this.#split(days);
    const [before, now] = await Promise.all([
      past === undefined
        ? []
        : this.#kept(this.#days, book, past, () => readDaySums(this.#pool, { book }, past)),
      open === undefined ? [] : this.#openDays(book, open, past === undefined),
    ]);
    return [...before, ...now];
  }

  /** One open day is the sum of its subscribers, which pages ask for anyway. */
  async #openDays(book: Book, open: Days, present: boolean): Promise<readonly DaySums[]> {
    const days = (Date.parse(open.toDay) - Date.parse(open.fromDay)) / DAY_MS;
    const today = utcDay(this.#clock.nowMs());
    // A day to come has nothing yet.
    if (open.fromDay !== today || days > 1)
      return this.#fresh('days', book, open, () => readDaySums(this.#pool, { book }, open));
    const columns = await this.#fresh(`${present} columns`, book, open, () =>
      readSubscriberColumns(this.#pool, book, open, present),
    );
    return columns.map(({ planVersion, requests, subscription, usage, breakage, cost }) => ({
      day: today,
      planVersion,
      requests: requests.reduce((sum, value) => sum + value, 0),
      revenue: exactSum(subscription) + exactSum(usage) + exactSum(breakage),
      cost: exactSum(cost),
    }));
  }

  #fresh<T>(
    what: string,
    book: Book,
    { fromDay, toDay }: Days,
    read: () => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const key = `${what} ${book} ${fromDay} ${toDay}`;
    const nowMs = this.#clock.nowMs();
    for (const [name, { madeAtMs }] of this.#open)
      if (nowMs - madeAtMs > OPEN_MS_MAX || nowMs < madeAtMs) this.#open.delete(name);
    const known = this.#open.get(key) as Kept<readonly T[]> | undefined;
    if (known !== undefined) return known.value;
    const fresh = { madeAtMs: nowMs, value: read() };
    fresh.value.catch(() => this.#open.delete(key));
    this.#open.set(key, fresh);
    return fresh.value;
  }

  #split({ fromDay, toDay }: Days): { past: Days | undefined; open: Days | undefined } {
    const border = utcDay(this.#clock.nowMs() - LATE_MS);
    if (toDay <= border) return { past: { fromDay, toDay }, open: undefined };
    if (fromDay >= border) return { past: undefined, open: { fromDay, toDay } };
    return { past: { fromDay, toDay: border }, open: { fromDay: border, toDay } };
  }

  #kept<T>(
    map: Map<string, Kept<T>>,
    book: Book,
    { fromDay, toDay }: Days,
    read: () => Promise<T>,
  ): Promise<T> {
    const key = `${book} ${fromDay} ${toDay}`;
    const known = map.get(key);
    const nowMs = this.#clock.nowMs();
    if (known !== undefined) {
      if (nowMs - known.madeAtMs > PAST_MS_MAX) {
        known.madeAtMs = nowMs;
        void read().then(
          (value) => (known.value = Promise.resolve(value)),
          () => undefined,
        );
      }
      return known.value;
    }
    const fresh = { madeAtMs: nowMs, value: read() };
    fresh.value.catch(() => map.delete(key));
    map.set(key, fresh);
    const [oldest] = map.keys();
    if (map.size > KEPT_MAX && oldest !== undefined) map.delete(oldest);
    return fresh.value;
  }
}
