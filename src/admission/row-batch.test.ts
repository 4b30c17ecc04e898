import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { RowBatch } from './row-batch.ts';

/** What PostgreSQL can store of a text: no zero bytes, no half characters. */
const text = fc
  .string({ unit: 'binary' })
  .map((value) => value.replaceAll('\0', '').toWellFormed());

const day = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

test('rows arrive as they were given, whatever their texts and bytes hold', async () => {
  await using database = await testDatabase({ migrate: false });
  await database.pool.query(
    'CREATE TABLE thing (number bigint, name text, flag boolean, bytes bytea, facts jsonb, more bytea, id uuid, day date, small integer)',
  );
  const columns = [
    { name: 'number', type: 'bigint' },
    { name: 'name', type: 'text' },
    { name: 'flag', type: 'boolean' },
    { name: 'bytes', type: 'bytea' },
    { name: 'facts', type: 'jsonb' },
    { name: 'more', type: 'bytea' },
    { name: 'id', type: 'uuid' },
    { name: 'day', type: 'date' },
    { name: 'small', type: 'integer' },
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
    id: fc.option(fc.uuid()),
    day: fc.option(day),
    small: fc.option(fc.integer()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (given) => {
      rows.clear();
      for (const { number, name, flag, bytes, facts, more, id, day: date, small } of given) {
        const json = JSON.stringify({ facts });
        rows.push([number, name, flag, bytes, json, more, id, date, small]);
      }
      await database.pool.query('TRUNCATE thing');
      const { text: sql, values } = rows.statement();
      await database.pool.query(sql, [...values]);
      const stored = await database.pool.query(
        'SELECT number, name, flag, bytes, facts, more, id, day::text, small FROM thing',
      );
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
