import { createHash, type Hash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { withStore } from '#db/pool.ts';
import type { AuditDifference } from './audit.ts';

/**
 * The hash chain over the journal: one link a book and UTC day, each over the link before and every
 * transfer of its day in order. Changing, adding or removing a transfer of a sealed day, or a seal,
 * breaks the chain from there on.
 */
const PAGE_ROWS = 10_000;
const FIRST_LINK: Buffer = Buffer.alloc(32);

interface Seal {
  day: string;
  transfers: number;
  previous: Buffer;
  hash: Buffer;
}

type Queryable = Pick<PoolClient, 'query'>;

/**
 * Seals every day before `beforeDay` (exclusive; today at the latest, or later postings of the day
 * would break it) that has transfers and no seal yet. Safe to repeat and to run in several processes.
 * @returns how many days were sealed
 * @throws DomainError `store_unavailable`
 */
export async function sealLedger(pool: Pool, book: Book, beforeDay: string): Promise<number> {
  return withStore(async () => {
    const last = await readLastSeal(pool, book);
    const { rows } = await pool.query<{ day: string }>(
      'SELECT DISTINCT day FROM transfer WHERE book = $1 AND day < $2 AND day > $3 ORDER BY day',
      [book, beforeDay, last?.day ?? '-infinity'],
    );
    let previous: Buffer = last?.hash ?? FIRST_LINK;
    for (const { day } of rows) {
      const { hash, transfers } = await hashDay(pool, { book, day, previous });
      await pool.query(
        `INSERT INTO ledger_seal (book, day, transfers, previous, hash) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (book, day) DO NOTHING`,
        [book, day, transfers, previous, hash],
      );
      previous = hash;
    }
    return rows.length;
  });
}

/** Recomputes the whole chain of a book. */
export async function auditSeals(
  client: Queryable,
  book: Book,
): Promise<{ readonly days: number; readonly differences: readonly AuditDifference[] }> {
  const { rows } = await client.query<Seal>(
    'SELECT day, transfers, previous, hash FROM ledger_seal WHERE book = $1 ORDER BY day',
    [book],
  );
  const differences: AuditDifference[] = [];
  let previous: Buffer = FIRST_LINK;
  for (const seal of rows) {
    const { hash, transfers } = await hashDay(client, { book, day: seal.day, previous });
    if (!seal.hash.equals(hash) || !seal.previous.equals(previous)) {
      differences.push({
        check: 'seals',
        subject: `journal of ${seal.day}`,
        expected: `${seal.transfers} transfers, ${seal.hash.toString('hex').slice(0, 16)}`,
        found: `${transfers} transfers, ${hash.toString('hex').slice(0, 16)}`,
      });
    }
    // Goes on from what the seal says, so that one broken day is told once.
    previous = seal.hash;
  }
  const lastDay = rows.at(-1)?.day;
  if (lastDay !== undefined) {
    const late = await client.query<{ day: string; transfers: number }>(
      `SELECT day, count(*) AS transfers FROM transfer t
        WHERE book = $1 AND day <= $2
          AND NOT EXISTS (SELECT FROM ledger_seal s WHERE s.book = t.book AND s.day = t.day)
        GROUP BY day ORDER BY day`,
      [book, lastDay],
    );
    for (const { day, transfers } of late.rows) {
      differences.push({
        check: 'seals',
        subject: `journal of ${day}`,
        expected: 'no transfer on a day that was passed over',
        found: `${transfers} transfers`,
      });
    }
  }
  return { days: rows.length, differences };
}

async function readLastSeal(pool: Pool, book: Book): Promise<Seal | undefined> {
  const { rows } = await pool.query<Seal>(
    'SELECT day, transfers, previous, hash FROM ledger_seal WHERE book = $1 ORDER BY day DESC LIMIT 1',
    [book],
  );
  return rows[0];
}

async function hashDay(
  client: Queryable,
  link: { readonly book: Book; readonly day: string; readonly previous: Buffer },
): Promise<{ hash: Buffer; transfers: number }> {
  const hash = createHash('sha256').update(link.previous).update(`${link.book} ${link.day}\n`);
  let transfers = 0;
  let after: { customer: string; seq: number; line: number } | undefined;
  for (;;) {
    const { rows } = await client.query<{
      customer: string;
      seq: number;
      line: number;
      text: string;
    }>(
      `SELECT customer, seq, line,
              concat_ws('|', customer, seq, line, at_ms, kind, event, debit, credit, amount) AS text
         FROM transfer
        WHERE book = $1 AND day = $2 AND (customer, seq, line) > ($3, $4, $5)
        ORDER BY customer, seq, line LIMIT ${PAGE_ROWS}`,
      [
        link.book,
        link.day,
        after?.customer ?? '00000000-0000-0000-0000-000000000000',
        after?.seq ?? 0,
        after?.line ?? -1,
      ],
    );
    addRows(hash, rows);
    transfers += rows.length;
    if (rows.length < PAGE_ROWS) return { hash: hash.digest(), transfers };
    after = rows.at(-1);
  }
}

function addRows(hash: Hash, rows: readonly { readonly text: string }[]): void {
  for (const { text } of rows) hash.update(`${text}\n`);
}
