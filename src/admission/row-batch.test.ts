import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { RowBatch } from './row-batch.ts';

/** What PostgreSQL can store of a text: no zero bytes, no half characters. */
const text = fc
  .string({ unit: 'binary' })
  .map((value) => value.replaceAll('\0', '').toWellFormed());

test('rows arrive as they were given, whatever their texts and bytes hold', async () => {
  await using database = await testDatabase({ migrate: false });
  await database.pool.query(
    'CREATE TABLE thing (number bigint, name text, flag boolean, bytes bytea, facts jsonb, more bytea)',
  );
  const columns = [
    { name: 'number', type: 'bigint' },
    { name: 'name', type: 'text' },
    { name: 'flag', type: 'boolean' },
    { name: 'bytes', type: 'bytea' },
    { name: 'facts', type: 'jsonb' },
    { name: 'more', type: 'bytea' },
  ] as const;
  const rows = new RowBatch(
    'insert_thing',
    columns,
    ({ source, names, values }) => `INSERT INTO thing (${names}) SELECT ${values} FROM ${source}`,
  );
  const row = fc.record({
    number: fc.option(fc.maxSafeInteger()),
    name: fc.option(
      fc.oneof(text, fc.constantFrom('NULL', 'null', '', ' ', '{}', '"', '\\', 'a,b')),
    ),
    flag: fc.option(fc.boolean()),
    bytes: fc.option(fc.uint8Array({ maxLength: 3000 })),
    facts: text,
    more: fc.option(fc.uint8Array()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (given) => {
      rows.clear();
      for (const { number, name, flag, bytes, facts, more } of given) {
        rows.push([number, name, flag, bytes, JSON.stringify({ facts }), more]);
      }
      await database.pool.query('TRUNCATE thing');
      const { text: sql, values } = rows.statement();
      await database.pool.query(sql, [...values]);
      const stored = await database.pool.query('SELECT * FROM thing');
      expect(stored.rows).toEqual(
        given.map(({ bytes, facts, more, ...plain }) => ({
          ...plain,
          bytes: bytes === null ? null : Buffer.from(bytes),
          facts: { facts },
          more: more === null ? null : Buffer.from(more),
        })),
      );
    }),
    { numRuns: 60 },
  );
});
