import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { BatchConnection } from './batch-connection.ts';
import { columnsOf } from './column.ts';
import { RowBatch } from './row-batch.ts';
import { RowCopy } from './row-copy.ts';

/** What PostgreSQL can store of a text: no zero bytes, no half characters. */
const text = fc
  .string({ unit: 'binary' })
  .map((value) => value.replaceAll('\0', '').toWellFormed());

const day = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2199-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

const COLUMNS = columnsOf(
  'number, name text, flag boolean, bytes bytea, facts jsonb, more bytea, id uuid, day date, small integer, kind book',
);

const row = fc.record({
  number: fc.option(fc.maxSafeInteger()),
  name: fc.option(fc.oneof(text, fc.constantFrom('NULL', 'null', '', ' ', '{}', '"', '\\', 'a,b'))),
  flag: fc.option(fc.boolean()),
  bytes: fc.option(fc.uint8Array({ maxLength: 3000 })),
  facts: text,
  more: fc.option(fc.uint8Array()),
  id: fc.option(fc.uuid()),
  day: fc.option(day),
  small: fc.option(fc.integer()),
  kind: fc.constantFrom('live', 'demo', 'test'),
});

const WAYS = [
  [
    'by a statement over arrays',
    new RowBatch(
      'insert_thing',
      COLUMNS,
      ({ source, names, values }) => `INSERT INTO thing (${names}) SELECT ${values} FROM ${source}`,
    ),
  ],
  ['by copy', new RowCopy('thing', COLUMNS)],
] as const;

async function things() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testDatabase({ migrate: false }));
  await database.pool.query(`CREATE TYPE book AS ENUM ('live', 'demo', 'test')`);
  await database.pool.query(
    'CREATE TABLE thing (number bigint, name text, flag boolean, bytes bytea, facts jsonb, more bytea, id uuid, day date, small integer CHECK (small <> 13), kind book)',
  );
  const connection = await BatchConnection.open(database.address, () => undefined);
  stack.defer(() => connection.close());
  const all = stack.move();
  return { database, connection, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test.each(WAYS)('rows arrive %s as they were given, whatever they hold', async (_, rows) => {
  await using place = await things();
  const { database, connection } = place;
  await connection.prepare([rows.statement()]);
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (given) => {
      rows.clear();
      for (const { number, name, flag, bytes, facts, more, id, day: date, small, kind } of given) {
        const json = JSON.stringify({ facts });
        rows.push([
          number,
          name,
          flag,
          bytes,
          json,
          more,
          id,
          date,
          small === 13 ? 14 : small,
          kind,
        ]);
      }
      await database.pool.query('TRUNCATE thing');
      await connection.run([rows.statement()]);
      const stored = await database.pool.query(
        'SELECT number, name, flag, bytes, facts, more, id, day::text, small, kind FROM thing',
      );
      expect(stored.rows).toEqual(
        given.map(({ bytes, facts, more, small, ...plain }) => ({
          ...plain,
          small: small === 13 ? 14 : small,
          bytes: bytes === null ? null : Buffer.from(bytes),
          facts: { facts },
          more: more === null ? null : Buffer.from(more),
        })),
      );
    }),
    { numRuns: 60 },
  );
});

test('a copy that fails, or stands behind what failed, undoes its group and spoils nothing', async () => {
  await using place = await things();
  const { database, connection } = place;
  const rows = new RowCopy('thing', COLUMNS);
  const division = new RowBatch(
    'divide',
    columnsOf('divisor'),
    ({ source }) => `SELECT 1 / r.divisor FROM ${source}`,
  );
  await connection.prepare([rows.statement(), division.statement()]);
  const send = async (divisor: number, smalls: readonly number[]): Promise<number> => {
    rows.clear();
    division.clear();
    division.push([divisor]);
    for (const small of smalls)
      rows.push([1, 'a', true, null, '{}', null, null, null, small, 'live']);
    await connection.run([division.statement(), rows.statement()]);
    return countOf(await database.pool.query('SELECT FROM thing'));
  };
  await expect(send(0, [1, 2])).rejects.toMatchObject({ code: '22012' });
  await expect(send(1, [1, 13, 2])).rejects.toMatchObject({ code: '23514' });
  expect(await send(1, [1, 2])).toBe(2);
  await expect(send(0, [3])).rejects.toMatchObject({ code: '22012' });
  expect(await send(1, [])).toBe(2);
});

const countOf = ({ rowCount }: { readonly rowCount: number | null }): number => rowCount ?? 0;
