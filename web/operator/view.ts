import type { BookName } from '../../src/http/shapes/wire.ts';
import { addDays, today } from '../ui/figures.ts';
import { goTo, usePlace } from '../ui/place.ts';
import { queryOf } from '../ui/remote.ts';

/** What every figure of a page obeys: a book, and days of UTC of which the last is exclusive. */
export interface View {
  readonly book: BookName;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The book of use from elsewhere that the page is about, where it is about one; the lab alone has such. */
  readonly imported: string | undefined;
  /** As the server takes it. */
  readonly query: Readonly<Record<string, string | undefined>>;
  /** An address of the console under the same book and days. */
  readonly at: (path: string, more?: Readonly<Record<string, string | undefined>>) => string;
  /** The same page under other days or another book. */
  readonly change: (to: {
    book?: BookName;
    from?: string | undefined;
    to?: string | undefined;
  }) => void;
}

const BOOK_KEY = 'operator-book';

export function useView(): View {
  const { path, query } = usePlace();
  const named = query.get('book') ?? sessionStorage.getItem(BOOK_KEY);
  const book: BookName = named === 'test' || named === 'demo' ? named : 'live';
  const from = dayOf(query.get('from'));
  const to = dayOf(query.get('to'));
  const days = { ...(from && to && { from, to }) };
  return {
    book,
    from,
    to,
    imported: query.get('of') ?? undefined,
    query: { book, ...days },
    at: (target, more) => `/operator${target}${queryOf({ book, ...days, ...more })}`,
    change(next) {
      if (next.book) sessionStorage.setItem(BOOK_KEY, next.book);
      const changed = { book, ...days, ...next };
      // What belongs to one book is not found in another.
      const isDetail = next.book !== undefined && path.split('/').length > 3;
      const target = isDetail ? path.split('/').slice(0, 3).join('/') : path;
      goTo(`${target === '/operator/events' ? '/operator/customers' : target}${queryOf(changed)}`);
    },
  };
}

export interface Preset {
  readonly key: 'today' | 'week' | 'month' | 'quarter' | 'calendar';
  readonly from: string;
  readonly to: string;
}

/** The usual periods; the end is tomorrow, so that today counts. */
export function presets(): readonly Preset[] {
  const end = addDays(today(), 1);
  return [
    { key: 'today', from: addDays(end, -1), to: end },
    { key: 'week', from: addDays(end, -7), to: end },
    { key: 'month', from: addDays(end, -30), to: end },
    { key: 'quarter', from: addDays(end, -90), to: end },
    { key: 'calendar', from: `${today().slice(0, 8)}01`, to: end },
  ];
}

function dayOf(text: string | null): string | undefined {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : undefined;
}
