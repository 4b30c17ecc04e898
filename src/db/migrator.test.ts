import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { readMigrations } from './migration.ts';
import { migrate } from './migrator.ts';

test('migrations run in order, once, with their checks', async () => {
  using files = temporaryDirectory();
  files.write('0001-thing/up.sql', 'create table thing (n int);');
  files.write('0002-fill/up.sql', 'insert into thing values (1); insert into thing values (2);');
  files.write('0002-fill/check.sql', 'select n from thing where n > 2;');
  await using database = await testDatabase({ migrate: false });
  const options = { address: database.address, directory: files.path };
  const first = await migrate(options);
  const second = await migrate(options);
  expect(first.map((migration) => migration.name)).toEqual(['0001-thing', '0002-fill']);
  expect(second).toEqual([]);
  const { rows } = await database.pool.query('select n from thing order by n');
  expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
});

test('three processes that start at once migrate once', async () => {
  using files = temporaryDirectory();
  files.write('0001-thing/up.sql', 'create table thing (n int); select pg_sleep(0.2);');
  files.write('0002-fill/up.sql', 'insert into thing values (1);');
  await using database = await testDatabase({ migrate: false });
  const options = { address: database.address, directory: files.path };
  const applied = await Promise.all([migrate(options), migrate(options), migrate(options)]);
  expect(applied.filter((list) => list.length === 2)).toHaveLength(1);
  expect(applied.filter((list) => list.length === 0)).toHaveLength(2);
  const { rows } = await database.pool.query('select n from thing');
  expect(rows).toEqual([{ n: 1 }]);
});

test('a violated expectation rolls its migration back and names the rows', async () => {
  using files = temporaryDirectory();
  files.write('0001-thing/up.sql', 'create table thing (n int);');
  files.write('0002-fill/up.sql', 'insert into thing values (7);');
  files.write('0002-fill/check.sql', "select 1 where false; select n, 'odd' as why from thing;");
  await using database = await testDatabase({ migrate: false });
  const run = migrate({ address: database.address, directory: files.path });
  await expect(run).rejects.toThrow(/0002-fill was rolled back.*"n":7,"why":"odd"/);
  const { rows } = await database.pool.query('select n from thing');
  expect(rows).toEqual([]);
});

test('a migration that was changed after it was applied is refused', async () => {
  using files = temporaryDirectory();
  files.write('0001-thing/up.sql', 'create table thing (n int);');
  await using database = await testDatabase({ migrate: false });
  const options = { address: database.address, directory: files.path };
  await migrate(options);
  files.write('0001-thing/up.sql', 'create table thing (n bigint);');
  await expect(migrate(options)).rejects.toThrow(
    /0001-thing was changed after it had been applied/,
  );
});

test('a database from a newer release is refused', async () => {
  using newer = temporaryDirectory();
  newer.write('0001-thing/up.sql', 'create table thing (n int);');
  newer.write('0002-more/up.sql', 'create table more (n int);');
  using older = temporaryDirectory();
  older.write('0001-thing/up.sql', 'create table thing (n int);');
  await using database = await testDatabase({ migrate: false });
  await migrate({ address: database.address, directory: newer.path });
  const run = migrate({ address: database.address, directory: older.path });
  await expect(run).rejects.toThrow(/0002-more.*newer Breakeven/);
});

test('an error in the SQL names file and line', async () => {
  using files = temporaryDirectory();
  files.write('0001-thing/up.sql', 'create table thing (n int);\nselect m from thing;');
  await using database = await testDatabase({ migrate: false });
  const run = migrate({ address: database.address, directory: files.path });
  await expect(run).rejects.toThrow(/0001-thing\/up\.sql:2: column "m" does not exist/);
});

test.each([
  ['a gap', ['0001-a', '0003-c'], /number 2 is missing before 0003-c/],
  ['a duplicate', ['0001-a', '0002-b', '0002-c'], /two migrations have the number of 0002-c/],
  ['a stray name', ['0001-a', 'later'], /later is not named/],
])('%s is refused', (_what, names, message) => {
  using files = temporaryDirectory();
  for (const name of names) files.write(`${name}/up.sql`, 'select 1;');
  expect(() => readMigrations(files.path)).toThrow(message);
});
