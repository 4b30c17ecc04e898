import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDatabase } from './database.ts';

test('a test database is migrated, private and gone afterwards', async () => {
  const migrationsDirectory = mkdtempSync(join(tmpdir(), 'migrations-'));
  mkdirSync(join(migrationsDirectory, '0001-first'));
  writeFileSync(
    join(migrationsDirectory, '0001-first', 'up.sql'),
    'create table thing (n bigint);',
  );
  let name: string | undefined;
  await using other = await testDatabase({ migrationsDirectory });
  {
    await using database = await testDatabase({ migrationsDirectory });
    await database.pool.query('insert into thing values (1)');
    const { rows } = await database.pool.query<{ name: string }>(
      'select current_database() as name',
    );
    name = rows[0]?.name;
  }
  const things = await other.pool.query('select n from thing');
  expect(things.rows).toEqual([]);
  const left = await other.pool.query('select 1 from pg_database where datname = $1', [name]);
  expect(left.rows).toEqual([]);
  rmSync(migrationsDirectory, { recursive: true });
});

test('an unmigrated test database is empty', async () => {
  await using database = await testDatabase({ migrate: false });
  const { rows } = await database.pool.query("select 1 from pg_tables where schemaname = 'public'");
  expect(rows).toEqual([]);
});
