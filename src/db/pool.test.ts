import { type Socket, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'pg';
import { expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { testDatabase } from '#testing/database.ts';
import { createPool, requireServerVersion, transaction, withStore } from './pool.ts';

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('should have failed'),
    (error: unknown) => error,
  );
}

test('bigint comes as a number, and throws where a number would lie', async () => {
  await using database = await testDatabase({ migrate: false });
  const { rows } = await database.pool.query(
    `select 9007199254740991::bigint as max, array[1, null, -3]::bigint[] as list,
      1.50::numeric as amount, date '2026-01-31' as day, timestamp '2026-01-31 10:00:00' as plain,
      timestamptz '2026-01-31 10:00:00+00' as instant, '\\x00ff'::bytea as bytes`,
  );
  expect(rows[0]).toEqual({
    max: 9_007_199_254_740_991,
    list: [1, null, -3],
    amount: '1.50',
    day: '2026-01-31',
    plain: '2026-01-31 10:00:00',
    instant: new Date('2026-01-31T10:00:00Z'),
    bytes: Buffer.from([0, 255]),
  });
  const unsafe = database.pool.query('select 9007199254740992::bigint');
  await expect(unsafe).rejects.toThrow(/passes 2\^53/);
});

test('a transaction commits what it returns and rolls back what it throws', async () => {
  await using database = await testDatabase({ migrate: false });
  await database.pool.query('create table thing (n int)');
  const result = await transaction(database.pool, async (client) => {
    await client.query('insert into thing values (1)');
    return 'done';
  });
  expect(result).toBe('done');
  const failed = transaction(database.pool, async (client) => {
    await client.query('insert into thing values (2)');
    throw new Error('changed my mind');
  });
  await expect(failed).rejects.toThrow('changed my mind');
  const { rows } = await database.pool.query('select n from thing');
  expect(rows).toEqual([{ n: 1 }]);
});

test('a statement that failed and was ignored does not pass for a commit', async () => {
  await using database = await testDatabase({ migrate: false });
  const swallowed = transaction(database.pool, async (client) => {
    await client.query('select 1 / 0').catch(() => undefined);
  });
  await expect(swallowed).rejects.toThrow(/rolled back/);
});

test('a connection cut in a transaction is store_unavailable, and the pool goes on', async () => {
  await using database = await testDatabase({ migrate: false, poolSizeMax: 2 });
  const error = await errorOf(
    transaction(database.pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      await client.query('select 1');
    }),
  );
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({ code: 'store_unavailable', retryAfterMs: 1000, facts: {} });
  await expect(database.pool.query('select 1')).resolves.toMatchObject({ rowCount: 1 });
});

test('a connection cut during the commit has an unknown outcome', async () => {
  await using database = await testDatabase({ migrate: false });
  await database.pool.query(`create table thing (n int);
    create function cut() returns trigger language plpgsql as
      $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create constraint trigger cut after insert on thing deferrable initially deferred
      for each row execute function cut()`);
  const error = await errorOf(
    transaction(database.pool, (client) => client.query('insert into thing values (1)')),
  );
  expect(error).toMatchObject({ code: 'store_unavailable', facts: { outcome: 'unknown' } });
});

test('a statement past its time limit is store_unavailable', async () => {
  await using database = await testDatabase({ migrate: false });
  const pool = createPool({
    address: database.address,
    applicationName: 'slow',
    statementTimeoutMs: 100,
  });
  const error = await errorOf(transaction(pool, (client) => client.query('select pg_sleep(5)')));
  expect(error).toMatchObject({ code: 'store_unavailable' });
  await pool.end();
});

test('a server that is not there, or says nothing, fails fast', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const gone = { host: '/nowhere', port: 5432, user: 'x', database: 'x' };
  for (const address of [gone, { ...gone, host: '127.0.0.1', port }]) {
    const pool = createPool({ address, applicationName: 'test', connectTimeoutMs: 200 });
    const beganMs = performance.now();
    const error = await errorOf(withStore(() => pool.query('select 1')));
    expect(error).toMatchObject({ code: 'store_unavailable' });
    expect(performance.now() - beganMs).toBeLessThan(2000);
    await pool.end();
  }
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('session settings are applied', async () => {
  await using database = await testDatabase({ migrate: false });
  const pool = createPool({
    address: database.address,
    applicationName: 'test',
    settings: { plan_cache_mode: 'force_generic_plan' },
  });
  const { rows } = await pool.query('show plan_cache_mode');
  expect(rows).toEqual([{ plan_cache_mode: 'force_generic_plan' }]);
  await pool.end();
});

test('a server that is too old is named with its version', async () => {
  await using database = await testDatabase({ migrate: false });
  await expect(requireServerVersion(database.pool, database.address)).resolves.toBeUndefined();
  const old = { query: async () => ({ rows: [{ number: 140_009, name: '14.9' }] }) };
  const address = { url: 'postgres://me:secret@db.example/books' };
  const error = await errorOf(requireServerVersion(old as unknown as Pool, address));
  expect(error).toMatchObject({
    code: 'invalid_configuration',
    message: 'The server at db.example/books runs PostgreSQL 14.9; Breakeven needs 15 or newer.',
  });
});
