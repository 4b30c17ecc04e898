import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '#testing/database.ts';
import { type TemporaryDirectory, temporaryDirectory } from '#testing/temporary-directory.ts';
import { backup } from './backup.ts';
import { migrate } from './migrator.ts';
import { restore } from './restore.ts';

const clock = { nowMs: () => Date.parse('2026-11-24T00:00:00Z') };

/** All that makes a restore hard: partitions, keys in a circle, triggers, seeds, odd names. */
const SCHEMA = `
  create table customer (id bigint primary key, name text not null, best_event bigint);
  create table usage_event (
    id bigint generated always as identity, day date not null, customer bigint references customer,
    body bytea, amount numeric, at timestamptz, doubled numeric generated always as (amount * 2) stored,
    primary key (id, day)
  ) partition by range (day);
  create table usage_event_old partition of usage_event for values from ('2026-01-01') to ('2026-01-02');
  create table best (id bigint primary key, customer bigint not null references customer);
  alter table customer add constraint customer_best foreign key (best_event) references best (id);
  create table "Odd ""name""" ("select" text, "a b" jsonb);
  create table seed (name text primary key, value int);
  insert into seed values ('from migration', 1);
  create table tally (n int not null); insert into tally values (0);
  create function count_event() returns trigger language plpgsql as
    $$ begin update tally set n = n + 1; return null; end $$;
  create trigger counted after insert on usage_event for each row execute function count_event();
  create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'append only'; end $$;
  create trigger frozen before truncate on best execute function refuse();
  create table nothing ();
`;

const DATA = `
  create table usage_event_new partition of usage_event
    for values from ('2026-01-02') to ('2026-01-03') with (fillfactor = 70);
  insert into customer select n, 'customer ' || n from generate_series(1, 1000) n;
  insert into usage_event (day, customer, body, amount, at)
    select date '2026-01-01' + n % 2, n, decode(lpad(to_hex(n), 8, '0'), 'hex'), n / 3.0,
      timestamptz '2026-01-01 00:00:00.123456+00' + n * interval '1 second'
    from generate_series(1, 1000) n;
  insert into best values (5, 7); update customer set best_event = 5 where id = 7;
  insert into "Odd ""name""" values (E'tab\\t newline\\n back\\\\slash \\\\. 漢字', '{"a": [1, null]}'), (null, null);
  update seed set value = 2; insert into seed values ('later', 3);
`;

async function sourceDatabase(files: TemporaryDirectory): Promise<TestDatabase> {
  files.write('migrations/0001-all/up.sql', SCHEMA);
  const database = await testDatabase({ migrate: false });
  await migrate({ address: database.address, directory: join(files.path, 'migrations') });
  await database.pool.query(DATA);
  return database;
}

/** All rows of all tables, and where they lie. */
async function content(pool: Pool): Promise<unknown> {
  const read = async (sql: string): Promise<unknown> => (await pool.query(sql)).rows;
  return {
    customers: await read('select * from customer order by id'),
    events: await read('select tableoid::regclass::text as part, * from usage_event order by id'),
    odd: await read('select * from "Odd ""name""" order by 1'),
    best: await read('select * from best'),
    seed: await read('select * from seed order by name'),
    tally: await read('select n from tally'),
    migrations: await read('select number, name, sha256 from schema_migration'),
    options: await read("select reloptions from pg_class where relname = 'usage_event_new'"),
    keys: await read(
      `select conname, conrelid::regclass::text as on, pg_get_constraintdef(oid) as definition
        from pg_constraint where contype in ('f', 'p') order by 1, 2`,
    ),
    triggers: await read(
      'select tgname, tgenabled from pg_trigger where not tgisinternal order by tgname, tgenabled',
    ),
  };
}

async function relationCount(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
  );
  return rows[0]?.count ?? -1;
}

test('what was backed up comes back, to the byte', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  const file = join(files.path, 'one.backup');
  const { manifest, archiveBytes } = await backup({ address: source.address, file, clock });
  expect(manifest).toMatchObject({ createdAt: '2026-11-24T00:00:00.000Z' });
  expect(manifest.tables.find((table) => table.name === 'usage_event')?.rows).toBe(1000);
  expect(statSync(file)).toMatchObject({ size: archiveBytes });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  await using target = await testDatabase({ migrate: false });
  const migrationsDirectory = join(files.path, 'migrations');
  await restore({ address: target.address, file, migrationsDirectory });
  expect(await content(target.pool)).toEqual(await content(source.pool));
  const next = await target.pool.query(
    "insert into usage_event (day, customer) values ('2026-01-02', 1) returning id",
  );
  expect(next.rows).toEqual([{ id: 1001 }]);
  await expect(
    migrate({ address: target.address, directory: migrationsDirectory }),
  ).resolves.toEqual([]);
});

test('the project’s own schema survives a backup', async () => {
  using files = temporaryDirectory();
  await using source = await testDatabase();
  await using target = await testDatabase({ migrate: false });
  const file = join(files.path, 'one.backup');
  const migrationsDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));
  const { manifest } = await backup({ address: source.address, file, clock });
  expect(manifest.migrations.length).toBeGreaterThan(0);
  await restore({ address: target.address, file, migrationsDirectory });
  const shape = `select table_name, column_name, data_type from information_schema.columns
    where table_schema = 'public' order by 1, ordinal_position`;
  expect((await target.pool.query(shape)).rows).toEqual((await source.pool.query(shape)).rows);
});

test('a backup is one instant, whatever is written meanwhile', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  const file = join(files.path, 'one.backup');
  const ending = new AbortController();
  const writer = (async () => {
    for (let n = 2000; !ending.signal.aborted; n++) {
      await source.pool.query(
        `with c as (insert into customer values (${n}, 'new') returning id)
          insert into seed select 'of ' || id, ${n} from c`,
      );
    }
  })();
  const { manifest } = await backup({ address: source.address, file, clock });
  ending.abort();
  await writer;
  const rows = (name: string): number => manifest.tables.find((t) => t.name === name)?.rows ?? 0;
  expect(rows('customer') - 1000).toBe(rows('seed') - 2);
});

test('a database that is not empty is refused', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  const file = join(files.path, 'one.backup');
  await backup({ address: source.address, file, clock });
  const again = restore({
    address: source.address,
    file,
    migrationsDirectory: join(files.path, 'migrations'),
  });
  await expect(again).rejects.toMatchObject({ code: 'conflict', message: /is not empty/ });
  await expect(backup({ address: source.address, file, clock })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('a damaged archive is refused and changes nothing', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  const file = join(files.path, 'one.backup');
  await backup({ address: source.address, file, clock });
  await using target = await testDatabase({ migrate: false });
  const whole = readFileSync(file);
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(whole);
    copy[at] = (copy[at] ?? 0) ^ 0x10;
    return copy;
  };
  const damages: readonly Buffer[] = [
    Buffer.alloc(0), // empty
    whole.subarray(0, whole.length / 2), // cut in the middle
    whole.subarray(0, -1), // cut at the end
    flipped(50), // a flipped bit early
    flipped(Math.floor(whole.length / 2)), // a flipped bit in the middle
    flipped(whole.length - 10), // a flipped bit late
    Buffer.from('PGDMP and so on'), // another file
  ];
  for (const bytes of damages) {
    const damaged = join(files.path, 'damaged.backup');
    writeFileSync(damaged, bytes);
    const run = restore({
      address: target.address,
      file: damaged,
      migrationsDirectory: join(files.path, 'migrations'),
    });
    await expect(run).rejects.toMatchObject({ code: 'invalid_request' });
  }
  expect(await relationCount(target.pool)).toBe(0);
});

test('an archive of other migrations is refused and changes nothing', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  const file = join(files.path, 'one.backup');
  await backup({ address: source.address, file, clock });
  files.write('migrations/0001-all/up.sql', `${SCHEMA} -- changed`);
  await using target = await testDatabase({ migrate: false });
  const run = restore({
    address: target.address,
    file,
    migrationsDirectory: join(files.path, 'migrations'),
  });
  await expect(run).rejects.toMatchObject({ code: 'invalid_configuration' });
  expect(await relationCount(target.pool)).toBe(0);
});

test('a load that fails half-way leaves the database empty', async () => {
  using files = temporaryDirectory();
  await using source = await sourceDatabase(files);
  // Data that the schema of the migrations does not take: the source was tampered with.
  await source.pool
    .query(`alter table seed drop constraint seed_pkey; alter table seed alter name drop not null;
    insert into seed values (null, 4)`);
  const file = join(files.path, 'one.backup');
  await backup({ address: source.address, file, clock });
  await using target = await testDatabase({ migrate: false });
  const run = restore({
    address: target.address,
    file,
    migrationsDirectory: join(files.path, 'migrations'),
  });
  await expect(run).rejects.toThrow(/null value in column "name"/);
  expect(await relationCount(target.pool)).toBe(0);
});

test('a backup that fails leaves no file', async () => {
  using files = temporaryDirectory();
  const address = { host: '/nowhere', port: 5432, user: 'x', database: 'x' };
  const run = backup({ address, file: join(files.path, 'one.backup'), clock });
  await expect(run).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(readdirSync(files.path)).toEqual([]);
});
