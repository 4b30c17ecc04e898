import type { Client } from 'pg';
import { BOOK_COLUMNS } from './lake-columns.ts';
import type { DayFingerprint, LakeTable } from './lake-layout.ts';

/** What the rollups say of a day: what the sealed rows must add up to. */
export interface DayRollup {
  readonly requests: string;
  readonly cost: string;
  readonly charge: string;
}

const SOURCES: Readonly<Record<LakeTable, string>> = {
  decision: 'decision',
  usage: 'usage_event',
  operation: 'account_operation',
  revenue: 'revenue_rollup',
};

/** Begins a snapshot that every later read of this client sees. */
export async function beginSnapshot(client: Client): Promise<void> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
}

export async function endSnapshot(client: Client): Promise<void> {
  await client.query('COMMIT');
}

/** Every day on which something happened in a book, with what it adds up to. */
export async function readFingerprints(
  client: Client,
  book: string,
): Promise<ReadonlyMap<string, DayFingerprint>> {
  const days = new Map<string, Record<keyof DayFingerprint, string>>();
  const dayOf = (day: string): Record<keyof DayFingerprint, string> => {
    const known = days.get(day) ?? { ...NOTHING };
    days.set(day, known);
    return known;
  };
  for (const sql of FINGERPRINTS) {
    const { rows } = await client.query<{ day: string } & Partial<DayFingerprint>>(sql, [book]);
    for (const { day, ...found } of rows) Object.assign(dayOf(day), found);
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NOTHING: DayFingerprint = {
  decisions: '0',
  decisionsHash: '0',
  events: '0',
  eventsHash: '0',
  cost: '0',
  charge: '0',
  operations: '0',
  operationsHash: '0',
  subscription: '0',
  breakage: '0',
  refunded: '0',
};

/** The hashes see every row that can change after it was sealed: late ones, measurements, refunds. */
const FINGERPRINTS = [
  `SELECT day::text, count(*)::text AS decisions,
          bit_xor(hashtextextended(request::text || seq, 0))::text AS "decisionsHash"
     FROM decision WHERE book = $1 GROUP BY day`,
  `SELECT day::text, count(*)::text AS events, sum(cost)::text AS cost, sum(charge)::text AS charge,
          bit_xor(hashtextextended(id::text || outcome || estimated || cost || ' ' || charge || ' ' || refunded, 0))::text AS "eventsHash"
     FROM usage_event WHERE book = $1 GROUP BY day`,
  `SELECT day::text, count(*)::text AS operations,
          bit_xor(hashtextextended(customer::text || seq || kind, 0))::text AS "operationsHash"
     FROM account_operation WHERE book = $1 GROUP BY day`,
  `SELECT day::text, sum(subscription)::text AS subscription, sum(breakage)::text AS breakage,
          sum(refunded)::text AS refunded
     FROM revenue_rollup WHERE book = $1 GROUP BY day`,
];

export async function readRollup(client: Client, book: string, day: string): Promise<DayRollup> {
  const { rows } = await client.query<DayRollup>(
    `SELECT coalesce(sum(requests), 0)::text AS requests, coalesce(sum(cost), 0)::text AS cost,
            coalesce(sum(charge), 0)::text AS charge
       FROM usage_rollup WHERE book = $1 AND day = $2`,
    [book, day],
  );
  return rows[0] ?? { requests: '0', cost: '0', charge: '0' };
}

/** Copies one day of one table out, in the order of the accounts' sequences. */
export function copyStatement(table: LakeTable, book: string, day: string): string {
  if (!/^\w+$/.test(book) || !/^\d{4}-\d\d-\d\d$/.test(day)) {
    throw new RangeError(`not a day of a book: ${book} ${day}`);
  }
  const order = table === 'revenue' ? 'customer, plan_version' : 'customer, seq';
  return `COPY (SELECT ${BOOK_COLUMNS[table].join(', ')} FROM ${SOURCES[table]}
    WHERE book = '${book}' AND day = '${day}' ORDER BY ${order}) TO STDOUT`;
}
