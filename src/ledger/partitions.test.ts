import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { ensurePartitions, ensurePartitionsOf } from './partitions.store.ts';

const NOVEMBER_3_MS = Date.UTC(2026, 10, 3, 12);

test('a day gets its partition ahead of time, and what lay in the default one moves there', async () => {
  await using database = await testDatabase();
  const insert = `INSERT INTO account_operation (book, customer, seq, day, clock_ms, at_ms, ordinal, kind, plan_version, facts)
    VALUES ('live', gen_random_uuid(), 1, '2026-11-03', 0, 0, 0, 'open', gen_random_uuid(), '{}')`;
  const where = async (): Promise<readonly string[]> => {
    const { rows } = await database.pool.query<{ part: string }>(
      'SELECT tableoid::regclass::text AS part FROM account_operation ORDER BY 1',
    );
    return rows.map(({ part }) => part);
  };
  await database.pool.query(insert);
  expect(await where()).toEqual(['account_operation_rest']);
  // Twice at once, and once more: it is made once.
  await Promise.all([
    ensurePartitions(database.pool, NOVEMBER_3_MS),
    ensurePartitions(database.pool, NOVEMBER_3_MS),
  ]);
  await ensurePartitionsOf(database.pool, { fromMs: NOVEMBER_3_MS, toMs: NOVEMBER_3_MS });
  await database.pool.query(insert);
  expect(await where()).toEqual(['account_operation_20261103', 'account_operation_20261103']);
  const { rows } = await database.pool.query(
    `SELECT count(*) AS partitions FROM pg_inherits WHERE inhparent = 'usage_event'::regclass`,
  );
  // From yesterday to a week ahead, and the default one.
  expect(rows).toEqual([{ partitions: 10 }]);
});
