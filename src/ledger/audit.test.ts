import { expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '#testing/database.ts';
import { audit, type AuditDifference } from './audit.ts';
import { sealLedger } from './ledger-seal.store.ts';

/**
 * Corruptions that each must be found by name, so that the audit cannot pass by checking nothing.
 * The books under test are planted as rows: this room knows no admission.
 */
const CUSTOMER = '00000000-0000-7000-8000-000000000001';
const OPEN = '00000000-0000-7000-8000-0000000000a1';
const ENDED = '00000000-0000-7000-8000-0000000000a2';
const PLAN = '00000000-0000-7000-8000-0000000000b1';

const BOOKS = [
  `INSERT INTO ledger_account (number, name) VALUES
     (2001, 'cost:s:m'), (2002, 'payable:s'), (2003, 'revenue:usage:p'), (2004, 'revenue:subscription:p')`,
  `INSERT INTO account (book, customer, subscription, plan_version, period_start_ms, period_end_ms,
       price, accrued, accrual_from_ms, accrued_to_ms, ring, version, seq, last_seen_ms, held, allowance,
       promotional, bought, overage_used, fare_charged, overage_owed, holds, hold_notes, sub)
     VALUES ('live', '${CUSTOMER}', '${PLAN}', '${PLAN}', 0, 100, 40, 10, 0, 25, '', 5, 5, 0, 7, 0, 0, 70, 0, 0, 0,
       '\\x01', '', '')`,
  `INSERT INTO account_operation (book, customer, seq, day, clock_ms, at_ms, ordinal, kind, plan_version, facts)
     VALUES ('live', '${CUSTOMER}', 1, '2026-11-01', 0, 0, 0, 'open', '${PLAN}', '{}'),
            ('live', '${CUSTOMER}', 2, '2026-11-01', 0, 0, 0, 'grant', '${PLAN}', '{}')`,
  ...[
    [3, ENDED],
    [4, OPEN],
  ].map(
    ([seq, request]) =>
      `INSERT INTO decision (book, customer, seq, day, request, clock_ms, at_ms, period_start_ms, process, ordinal,
         subscription, plan_version, surface, streamed, model_asked, input_tokens, class_asked, class_served,
         fallback, slow, candidates, hold)
       VALUES ('live', '${CUSTOMER}', ${seq}, '2026-11-01', '${request}', 0, 0, 0, 1, 0, '${PLAN}', '${PLAN}',
         'chat', false, 'm', 1, 'c', 'c', 'none', false, '', '')`,
  ),
  `INSERT INTO usage_event (book, customer, id, day, decision_seq, seq, ordinal, admitted_ms, settled_ms,
       plan_version, class, model, supplier, outcome, estimated, tokens_in, tokens_out, cost, tariff, charge,
       paid_allowance, paid_promotional, paid_bought, paid_overage, overrun, upstream_ms, payments, attempts)
     VALUES ('live', '${CUSTOMER}', '${ENDED}', '2026-11-01', 3, 5, 0, 0, 0, '${PLAN}', 'c', 'm', 's', 'completed',
       false, 1, 2, 20, 30, 30, 0, 0, 30, 0, 0, 1, '', '')`,
  `INSERT INTO transfer (book, customer, seq, line, day, at_ms, kind, event, debit, credit, amount) VALUES
     ('live', '${CUSTOMER}', 1, 0, '2026-11-01', 0, 'price', NULL, 100, 5, 40),
     ('live', '${CUSTOMER}', 1, 1, '2026-11-01', 0, 'accrual', NULL, 5, 2004, 10),
     ('live', '${CUSTOMER}', 2, 0, '2026-11-01', 0, 'grant', NULL, 100, 3, 100),
     ('live', '${CUSTOMER}', 5, 0, '2026-11-01', 0, 'cost', '${ENDED}', 2001, 2002, 20),
     ('live', '${CUSTOMER}', 5, 1, '2026-11-01', 0, 'charge', '${ENDED}', 3, 2003, 30)`,
  `INSERT INTO usage_rollup (book, customer, day, plan_version, model, requests, estimated, tokens_in, tokens_out,
       cost, charge, paid_allowance, paid_promotional, paid_bought, paid_overage, overrun)
     VALUES ('live', '${CUSTOMER}', '2026-11-01', '${PLAN}', 'm', 1, 0, 1, 2, 20, 30, 0, 0, 30, 0, 0)`,
  `INSERT INTO revenue_rollup (book, customer, day, plan_version, subscription, breakage, refunded)
     VALUES ('live', '${CUSTOMER}', '2026-11-01', '${PLAN}', 10, 0, 0)`,
];

const CORRUPTIONS: readonly { readonly check: string; readonly sql: string }[] = [
  { check: 'postings', sql: 'UPDATE transfer SET debit = 4711 WHERE seq = 5 AND line = 0' },
  { check: 'balances', sql: 'UPDATE account SET bought = bought + 1' },
  { check: 'balances', sql: 'UPDATE account SET accrued = accrued - 1' },
  { check: 'balances', sql: 'DELETE FROM transfer WHERE seq = 2' },
  { check: 'event_transfers', sql: 'UPDATE transfer SET amount = 21 WHERE seq = 5 AND line = 0' },
  { check: 'event_transfers', sql: 'DELETE FROM transfer WHERE seq = 5 AND line = 0' },
  { check: 'event_transfers', sql: 'UPDATE usage_event SET cost = 19' },
  { check: 'usage_rollups', sql: 'UPDATE usage_rollup SET cost = cost + 1' },
  { check: 'usage_rollups', sql: 'DELETE FROM usage_rollup' },
  { check: 'usage_rollups', sql: 'UPDATE usage_event SET tokens_out = 3' },
  { check: 'revenue_rollups', sql: 'UPDATE revenue_rollup SET subscription = 11' },
  { check: 'revenue_rollups', sql: 'DELETE FROM revenue_rollup' },
  { check: 'decisions', sql: `DELETE FROM decision WHERE request = '${ENDED}'` },
  { check: 'decisions', sql: `UPDATE decision SET class_served = NULL WHERE request = '${ENDED}'` },
  { check: 'decisions', sql: `UPDATE decision SET request = '${ENDED}' WHERE request = '${OPEN}'` },
  { check: 'sequence', sql: 'DELETE FROM account_operation WHERE seq = 2' },
  { check: 'sequence', sql: 'UPDATE account SET seq = 6' },
  { check: 'holds', sql: `DELETE FROM decision WHERE request = '${OPEN}'` },
  { check: 'holds', sql: 'DELETE FROM usage_event' },
  { check: 'holds', sql: 'UPDATE account SET held = 8' },
  { check: 'holds', sql: `UPDATE account SET holds = '', held = 0` },
  { check: 'seals', sql: 'UPDATE transfer SET amount = 101 WHERE seq = 2' },
  { check: 'seals', sql: 'DELETE FROM transfer WHERE seq = 5 AND line = 1' },
  {
    check: 'seals',
    sql: `INSERT INTO transfer (book, customer, seq, line, day, at_ms, kind, debit, credit, amount)
          VALUES ('live', '${CUSTOMER}', 6, 0, '2026-11-01', 0, 'grant', 100, 3, 5)`,
  },
];

async function differences(database: TestDatabase): Promise<readonly AuditDifference[]> {
  const { books } = await audit(database.pool, {
    book: 'live',
    readHolds: ({ holds }) => (holds.length === 0 ? [] : [{ request: OPEN, amount: 7 }]),
  });
  return books.flatMap((book) => book.differences);
}

test('whole books pass; each corruption is found and named', { timeout: 120_000 }, async () => {
  await using database = await testDatabase();
  const client = await database.pool.connect();
  await client.query('ALTER TABLE transfer DISABLE TRIGGER USER');
  for (const sql of BOOKS) await client.query(sql);
  client.release();
  expect(await sealLedger(database.pool, 'live', '2026-11-02')).toBe(1);
  expect(await sealLedger(database.pool, 'live', '2026-11-02')).toBe(0);
  expect(await differences(database)).toEqual([]);
  for (const { check, sql } of CORRUPTIONS) {
    await using copy = await copyOf(database, sql);
    const found = await differences(copy);
    expect({ sql, checks: found.map((difference) => difference.check) }).toEqual({
      sql,
      checks: expect.arrayContaining([check]) as unknown,
    });
  }
});

/** The same books, corrupted: planted anew, since a snapshot cannot see an open transaction. */
async function copyOf(original: TestDatabase, sql: string): Promise<TestDatabase> {
  const copy = await testDatabase();
  await copy.pool.query('ALTER TABLE transfer DISABLE TRIGGER USER');
  for (const statement of BOOKS) await copy.pool.query(statement);
  const seals = await original.pool.query<{ transfers: number; previous: Buffer; hash: Buffer }>(
    'SELECT transfers, previous, hash FROM ledger_seal',
  );
  for (const { transfers, previous, hash } of seals.rows) {
    await copy.pool.query(
      `INSERT INTO ledger_seal (book, day, transfers, previous, hash) VALUES ('live', '2026-11-01', $1, $2, $3)`,
      [transfers, previous, hash],
    );
  }
  await copy.pool.query(sql);
  return copy;
}

test('transfers are append-only for everyone who uses the tables as they are', async () => {
  await using database = await testDatabase();
  for (const sql of BOOKS) await database.pool.query(sql);
  await expect(database.pool.query('UPDATE transfer SET amount = amount + 1')).rejects.toThrow(
    /append-only/,
  );
});
