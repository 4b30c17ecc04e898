import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { utcDay } from '#base/utc-day.ts';
import {
  type DaySums,
  type Days,
  readDaySums,
  readSubscriberColumns,
  type SubscriberColumns,
} from './subscriber-sums.store.ts';

const DAY_MS = 86_400_000;
/** Past days change by a late settlement or a superseded estimate: that shows after this long at most. */
const PAST_MS_MAX = 300_000;
/** Periods that are kept: what an operator looks at, with what came before it. */
const KEPT_MAX = 12;

interface Kept<T> {
  madeAtMs: number;
  value: Promise<T>;
}

/**
 * Sums over a period, of which only the open days (yesterday and today) are read anew each time: they are
 * where live requests land. The days before are kept, and read again behind the scenes when they are old.
 */
export class RecentSums {
  readonly #pool: Pool;
  readonly #clock: Clock;
  readonly #columns = new Map<string, Kept<readonly SubscriberColumns[]>>();
  readonly #days = new Map<string, Kept<readonly DaySums[]>>();

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Forgets a book: it was loaded or dropped whole. */
  forget(book: Book): void {
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
      open === undefined ? [] : readSubscriberColumns(this.#pool, book, open, past === undefined),
    ]);
    return [...before, ...now];
  }

  async days(book: Book, days: Days): Promise<readonly DaySums[]> {
    const { past, open } = this.#split(days);
    const [before, now] = await Promise.all([
      past === undefined
        ? []
        : this.#kept(this.#days, book, past, () => readDaySums(this.#pool, { book }, past)),
      open === undefined ? [] : readDaySums(this.#pool, { book }, open),
    ]);
    return [...before, ...now];
  }

  #split({ fromDay, toDay }: Days): { past: Days | undefined; open: Days | undefined } {
    const border = utcDay(this.#clock.nowMs() - DAY_MS);
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
