import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import type { RecentSums } from '#economics/recent-sums.ts';
import { periodOf } from './console-parts.ts';

/** Reads what the console shows first, so that nobody waits for it: again and again, as days pass. */
export async function warmSums(
  sums: RecentSums,
  clock: Clock,
  books: readonly Book[] = ['live', 'demo'],
): Promise<void> {
  for (const book of books) {
    const period = periodOf({}, clock.nowMs());
    const before = { fromDay: period.beforeFromDay, toDay: period.beforeToDay };
    for (const days of [period, before]) {
      await sums.subscribers(book, days);
      await sums.days(book, days);
    }
  }
}
