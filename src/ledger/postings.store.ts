import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { daySpans, type DaySpan, readInSpans, type TimeOrder } from '#base/day-spans.ts';

export interface ListedPosting {
  readonly customer: string;
  readonly seq: number;
  readonly line: number;
  readonly day: string;
  readonly at_ms: number;
  readonly kind: string;
  readonly event: string | null;
  readonly debit: string;
  readonly credit: string;
  readonly amount: number;
}

/** Where a page ended. */
export interface PostingPlace {
  readonly atMs: number;
  readonly customer: string;
  readonly seq: number;
  readonly line: number;
}

export interface PostingQuery {
  readonly book: Book;
  /** uuid */
  readonly customer?: string | undefined;
  /** uuid of a request */
  readonly event?: string | undefined;
  readonly kind?: string | undefined;
  /** The name of an account on either side. */
  readonly account?: string | undefined;
  readonly fromDay: string;
  /** Exclusive. */
  readonly toDay: string;
  /** Newest first if absent. */
  readonly order?: TimeOrder | undefined;
  /** Only what comes after this one in that order. */
  readonly after?: PostingPlace | undefined;
  readonly limit: number;
}

/** Days that are looked through at once. */
const STEPS = [1, 4, 16, 64, 256, 400] as const;
/** One customer's are few. */
const STEPS_OF_ONE = [400] as const;

/** The journal in the order of time; a day is read no further than a page needs. */
export async function listPostings(
  pool: Pool,
  query: PostingQuery,
): Promise<readonly ListedPosting[]> {
  const spans = daySpans(query, {
    order: query.order ?? 'desc',
    beginMs: query.after?.atMs,
    steps: query.customer === undefined ? STEPS : STEPS_OF_ONE,
  });
  return readInSpans(spans, query.limit, (span, limit) => postingsOfDays(pool, query, span, limit));
}

async function postingsOfDays(
  pool: Pool,
  query: PostingQuery,
  { fromDay, toDay }: DaySpan,
  limit: number,
): Promise<readonly ListedPosting[]> {
  // The lines of a transfer stand in their own order, whichever end of time comes first.
  const [beyond, direction] = query.order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const inOrder = `t.at_ms ${direction}, t.customer ${direction}, t.seq ${direction}, t.line`;
  const values: unknown[] = [query.book, fromDay, toDay, limit];
  const conditions = ['t.book = $1', 't.day >= $2', 't.day < $3'];
  const also = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  also(query.customer, (place) => `t.customer = ${place}`);
  also(query.event, (place) => `t.event = ${place}`);
  also(query.kind, (place) => `t.kind = ${place}`);
  also(
    query.account,
    (place) => `(SELECT number FROM ledger_account WHERE name = ${place}) IN (t.debit, t.credit)`,
  );
  if (query.after) {
    const { atMs, customer, seq, line } = query.after;
    values.push(atMs, customer, seq, line);
    const [first, second, third, fourth] = [3, 2, 1, 0].map((back) => `$${values.length - back}`);
    const place = `(${first}::bigint, ${second}::uuid, ${third}::bigint)`;
    const own = '(t.at_ms, t.customer, t.seq)';
    conditions.push(`(${own} ${beyond} ${place} OR (${own} = ${place} AND t.line > ${fourth}))`);
  }
  const { rows } = await pool.query<ListedPosting>(
    `SELECT t.customer, t.seq, t.line, t.day, t.at_ms, t.kind, t.event, t.amount,
            d.name AS debit, c.name AS credit
       FROM (SELECT * FROM transfer t WHERE ${conditions.join(' AND ')}
              ORDER BY ${inOrder} LIMIT $4) AS t
       JOIN ledger_account d ON d.number = t.debit JOIN ledger_account c ON c.number = t.credit
      ORDER BY ${inOrder}`,
    values,
  );
  return rows;
}

/** Balances of all accounts of a book, folded from the journal: what entered, less what left. */
export async function readLedgerBalances(
  pool: Pool,
  book: Book,
): Promise<readonly { readonly account: string; readonly balance: string }[]> {
  const { rows } = await pool.query<{ account: string; balance: string }>(
    `SELECT a.name AS account, sum(p.amount)::text AS balance
       FROM (SELECT debit AS account, amount::numeric FROM transfer WHERE book = $1
             UNION ALL SELECT credit, -amount::numeric FROM transfer WHERE book = $1) AS p
       JOIN ledger_account a ON a.number = p.account GROUP BY a.name ORDER BY a.name`,
    [book],
  );
  return rows;
}
