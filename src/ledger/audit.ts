import type { Pool, PoolClient } from 'pg';
import { BOOKS, type Book } from '#base/book.ts';
import { withStore } from '#db/pool.ts';
import { AUDIT_CHECKS, type AuditCheckName } from './audit-checks.ts';
import { auditHolds } from './audit-holds.ts';
import { auditSeals } from './ledger-seal.store.ts';

/** What an account's hold column says, for whoever cannot read its encoding. */
export interface HeldRequest {
  /** uuid */
  readonly request: string;
  /** Money held in the account's buckets. */
  readonly amount: number;
}

export interface HoldBytes {
  readonly holds: Buffer;
  readonly hold_notes: Buffer;
}

export interface AuditOptions {
  /** Every book if absent. */
  readonly book?: Book;
  /** Reads an account's open holds. */
  readonly readHolds: (columns: HoldBytes) => readonly HeldRequest[];
  /** How many differences of each check are told one by one. Default 20. */
  readonly differencesMax?: number;
}

/** Something that should be equal and is not. */
export interface AuditDifference {
  readonly check: AuditCheckName | 'holds' | 'seals';
  /** What differs: an account and its bucket, an event, a rollup row. */
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

export interface BookAudit {
  readonly book: Book;
  readonly ok: boolean;
  readonly figures: AuditFigures;
  /** How many differences each check found; checks without any are there too, with zero. */
  readonly differenceCounts: Readonly<Record<string, number>>;
  readonly differences: readonly AuditDifference[];
}

export interface AuditFigures {
  readonly accounts: number;
  readonly decisions: number;
  readonly admitted: number;
  readonly events: number;
  readonly operations: number;
  readonly transfers: number;
  readonly openHolds: number;
  readonly sealedDays: number;
  /** Nano-dollars. */
  readonly cost: bigint;
  readonly charge: bigint;
}

export interface Audit {
  readonly ok: boolean;
  readonly books: readonly BookAudit[];
  readonly durationMs: number;
}

const DIFFERENCES_MAX = 20;

/**
 * Proves that the books are whole: postings sum to zero, balances equal the fold of the log, rollups
 * equal the sum of events, every admitted decision has exactly one event or one open hold, and no
 * number is missing in any account's sequence. Reads one snapshot, so it may run under load.
 * @throws DomainError `store_unavailable`
 */
export async function audit(pool: Pool, options: AuditOptions): Promise<Audit> {
  const startMs = performance.now();
  const books = options.book === undefined ? BOOKS : [options.book];
  const results = await withStore(() =>
    inSnapshot(pool, async (client) => {
      const found: BookAudit[] = [];
      for (const book of books) found.push(await auditBook(client, book, options));
      return found;
    }),
  );
  return Object.freeze({
    ok: results.every(({ ok }) => ok),
    books: results,
    durationMs: performance.now() - startMs,
  });
}

async function auditBook(
  client: PoolClient,
  book: Book,
  options: AuditOptions,
): Promise<BookAudit> {
  const limit = options.differencesMax ?? DIFFERENCES_MAX;
  const counts: Record<string, number> = {};
  const differences: AuditDifference[] = [];
  const record = (found: readonly AuditDifference[], check: string, count: number): void => {
    counts[check] = count;
    differences.push(...found.slice(0, limit));
  };
  for (const { name, sql } of AUDIT_CHECKS) {
    const { rows } = await client.query<DifferenceRow>(
      `SELECT subject, expected::text AS expected, found::text AS found, count(*) OVER () AS total
         FROM (${sql}) AS difference LIMIT $2`,
      [book, limit],
    );
    record(
      rows.map(({ subject, expected, found }) => ({
        check: name,
        subject,
        expected: expected ?? 'nothing',
        found: found ?? 'nothing',
      })),
      name,
      rows[0]?.total ?? 0,
    );
  }
  const holds = await auditHolds(client, book, options.readHolds);
  record(holds.differences, 'holds', holds.differences.length);
  const seals = await auditSeals(client, book);
  record(seals.differences, 'seals', seals.differences.length);
  const figures = {
    ...(await readFigures(client, book)),
    openHolds: holds.open,
    sealedDays: seals.days,
  };
  return Object.freeze({
    book,
    ok: differences.length === 0,
    figures,
    differenceCounts: counts,
    differences,
  });
}

interface DifferenceRow {
  subject: string;
  expected: string | null;
  found: string | null;
  total: number;
}

interface FigureRow {
  accounts: number;
  decisions: number;
  admitted: number;
  events: number;
  operations: number;
  transfers: number;
  cost: string;
  charge: string;
}

async function readFigures(
  client: PoolClient,
  book: Book,
): Promise<Omit<AuditFigures, 'openHolds' | 'sealedDays'>> {
  const { rows } = await client.query<FigureRow>(
    `SELECT (SELECT count(*) FROM account WHERE book = $1) AS accounts,
            (SELECT count(*) FROM decision WHERE book = $1) AS decisions,
            (SELECT count(*) FROM decision WHERE book = $1 AND class_served IS NOT NULL) AS admitted,
            (SELECT count(*) FROM account_operation WHERE book = $1) AS operations,
            (SELECT count(*) FROM transfer WHERE book = $1) AS transfers,
            count(*) AS events, coalesce(sum(cost), 0) AS cost, coalesce(sum(charge), 0) AS charge
       FROM usage_event WHERE book = $1`,
    [book],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('invariant broken: an aggregate returns a row');
  return { ...row, cost: BigInt(row.cost), charge: BigInt(row.charge) };
}

async function inSnapshot<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // An audit reads everything: it may take longer than any other statement.
    await client.query('SET LOCAL statement_timeout = 0');
    await client.query("SET LOCAL work_mem = '64MB'");
    const result = await work(client);
    await client.query('COMMIT');
    broken = false;
    return result;
  } finally {
    client.release(broken);
  }
}
