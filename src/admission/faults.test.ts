import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, connect as connectTo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { DomainError } from '#base/domain-error.ts';
import { idFromUuid } from '#base/id.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import { currentProcess, startedSinceBoot } from '#db/process-identity.ts';
import { audit } from '#ledger/audit.ts';
import { type TestDatabase, testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { type HoldColumns, holdsOf } from './account-record.ts';
import { heldRequests } from './held-requests.ts';
import { sentByProcess } from './sent-journal.ts';
import {
  admitted,
  benchOf,
  EVIDENCE,
  measurementOf,
  requestOf,
  testPlan,
  USD,
} from './testing-admission.ts';

const METERED = testPlan({ plan: 'metered' });

async function expectWhole(database: TestDatabase): Promise<void> {
  const { books } = await audit(database.pool, { readHolds: heldRequests });
  expect(books.flatMap(({ differences }) => differences)).toEqual([]);
}

/** A way to the database that can be cut, and closed for a while. */
async function cuttable(address: DatabaseAddress) {
  if ('url' in address) throw new Error('the test server is reached by its parts');
  const target = address.host.startsWith('/')
    ? { path: join(address.host, `.s.PGSQL.${address.port}`) }
    : { host: address.host, port: address.port };
  const sockets = new Set<Socket>();
  let open = true;
  /** Cuts the way back right after the next commit went through to the server. */
  let cutAfterCommit = false;
  const server = createServer((client) => {
    if (!open) {
      client.destroy();
      return;
    }
    const upstream = connectTo(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      upstream.write(bytes);
      // The name of the prepared statement that each batch begins with; its end comes with it.
      if (cutAfterCommit && bytes.includes('update_account')) {
        cutAfterCommit = false;
        client.destroy();
        upstream.end();
      }
    });
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('close', () => upstream.end());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    address: { ...address, host: '127.0.0.1', port } as DatabaseAddress,
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    set open(value: boolean) {
      open = value;
    },
    cutAfterNextCommit() {
      cutAfterCommit = true;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error('it did not come about');
}

test('refuses while the store is out of reach, loses no settlement, and recovers by itself', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const way = await cuttable(database.address);
  const service = await bench.service({ address: way.address, limits: { lastingAnswerMs: 50 } });
  const subject = await bench.customer(service, METERED, USD);
  const holds = await Promise.all(
    Array.from({ length: 20 }, () =>
      admitted(service, subject, requestOf(bench, { charge: 1000 })),
    ),
  );
  way.open = false;
  way.cut();
  const answers = await Promise.allSettled([
    ...holds.map((hold) => service.settle(hold, measurementOf({ charge: 900 }))),
    ...Array.from({ length: 20 }, () =>
      service.admit(subject, requestOf(bench, { charge: 1000 }), EVIDENCE),
    ),
  ]);
  for (const answer of answers) {
    expect(answer).toMatchObject({
      status: 'rejected',
      reason: { code: 'store_unavailable', retryAfterMs: 1000 },
    });
  }
  way.open = true;
  await until(() => service.ready);
  expect(await service.drain(5000)).toBe(0);
  const { rows } = await database.pool.query(
    'SELECT count(*) AS events, sum(charge)::bigint AS charge FROM usage_event',
  );
  expect(rows).toEqual([{ events: 20, charge: 18_000 }]);
  await expectWhole(database);
  await service.close();
  way.close();
});

test('a killed backend costs a refusal at most', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, 1000 * USD);
  const errors: unknown[] = [];
  const stopping = new AbortController();
  const client = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const hold = await admitted(service, subject, requestOf(bench, { charge: 1000 }));
        await service.settle(hold, measurementOf({ charge: 500 }));
      } catch (error) {
        errors.push(error);
        await sleep(5);
      }
    }
  };
  const clients = Promise.all(Array.from({ length: 16 }, client));
  for (let i = 0; i < 5 || (errors.length === 0 && i < 100); i++) {
    await sleep(60);
    await database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'breakeven admission' AND datname = current_database()`,
    );
  }
  await sleep(100);
  stopping.abort();
  await clients;
  await service.drain(5000);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.filter((error) => (error as DomainError).code !== 'store_unavailable')).toEqual([]);
  const { rows } = await database.pool.query('SELECT held FROM account');
  expect(rows).toEqual([{ held: 0 }]);
  await expectWhole(database);
  await service.close();
});

test('a commit without an answer holds nothing twice and books everything once', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const way = await cuttable(database.address);
  const service = await bench.service({ address: way.address });
  const subject = await bench.customer(service, METERED, USD);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 1000 }));
  // The first settlement has to learn its ledger accounts; the next ones are decided at once.
  const first = await admitted(service, subject, requestOf(bench, { charge: 1000 }));
  await service.settle(first, measurementOf({ charge: 800 }));
  way.cutAfterNextCommit();
  const answers = await Promise.allSettled([
    service.settle(hold, measurementOf({ charge: 900 })),
    service.admit(subject, requestOf(bench, { charge: 1000 }), EVIDENCE),
  ]);
  expect(answers[0]).toMatchObject({ status: 'fulfilled', value: { chargeNanoUsd: 900 } });
  expect(answers[1]).toMatchObject({
    status: 'rejected',
    reason: { code: 'store_unavailable', facts: { outcome: 'unknown' } },
  });
  await until(() => service.ready);
  expect(await service.drain(5000)).toBe(0);
  const { rows } = await database.pool.query(
    'SELECT outcome, charge, reason FROM usage_event ORDER BY outcome, charge',
  );
  // Both were committed; the hold that nobody was told of was released again.
  expect(rows).toEqual([
    { outcome: 'completed', charge: 800, reason: null },
    { outcome: 'completed', charge: 900, reason: null },
    { outcome: 'voided', charge: 0, reason: 'unanswered' },
  ]);
  await expectWhole(database);
  await service.close();
  way.close();
});

test('a poisoned operation fails alone, and its neighbours are booked', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const troubles: string[] = [];
  const service = await bench.service({ onTrouble: ({ kind }) => troubles.push(kind) });
  const subjects = await Promise.all(
    Array.from({ length: 32 }, () => bench.customer(service, METERED, USD)),
  );
  const [poisoned] = subjects;
  if (poisoned === undefined) throw new Error('no subject');
  // A row that the store refuses whatever else is in its batch.
  await database.pool.query(
    `CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN IF NEW.model_asked = 'poison' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$`,
  );
  await database.pool.query(
    'CREATE TRIGGER poison BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION poison()',
  );
  const answers = await Promise.allSettled(
    subjects.map((subject, i) =>
      service.admit(subject, requestOf(bench, { charge: 1000 }), {
        ...EVIDENCE,
        modelAsked: i === 13 ? 'poison' : 'model-1',
      }),
    ),
  );
  const failures = answers.flatMap((answer, i) => (answer.status === 'rejected' ? [i] : []));
  expect(failures).toEqual([13]);
  expect(troubles).toContain('batch_refused');
  expect(troubles.filter((kind) => kind === 'operation_failed')).toHaveLength(1);
  await expectWhole(database);
  await service.close();
});

test('a queue that is full refuses, and says when to come again', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const service = await bench.service({ limits: { waitingMax: 10 } });
  const subject = await bench.customer(service, METERED, USD);
  const answers = await Promise.allSettled(
    Array.from({ length: 30 }, () =>
      service.admit(subject, requestOf(bench, { charge: 10 }), EVIDENCE),
    ),
  );
  const refusals = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason as DomainError] : [],
  );
  expect(refusals.length).toBeGreaterThan(0);
  for (const refusal of refusals)
    expect(refusal).toMatchObject({ code: 'no_capacity', retryAfterMs: 1000 });
  await service.close();
});

test('holds of a process killed under load are resolved by the next one', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const first = await bench.service();
  const subject = await bench.customer(first, METERED, 1000 * USD);
  const script = fileURLToPath(new URL('./testing-crash.ts', import.meta.url));
  for (let round = 0; round < 3; round++) {
    const child = fork(
      script,
      [JSON.stringify({ address: database.address, subject, seed: round + 2 })],
      {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    await once(child, 'message');
    await sleep(150);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { rows: before } = await database.pool.query<{ open: boolean }>(
      'SELECT octet_length(holds) > 0 AS open FROM account',
    );
    expect(before).toEqual([{ open: true }]);
    // What the dead process had sent may still be on its way through its backend.
    await until(async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'breakeven admission' AND datname = current_database()`,
      );
      return rows.length === 1;
    });
    expect(await first.reap()).toBeGreaterThan(0);
  }
  const { rows } = await database.pool.query(
    'SELECT octet_length(holds) AS holds, held FROM account',
  );
  expect(rows).toEqual([{ holds: 0, held: 0 }]);
  const estimates = await database.pool.query<{
    estimates: number;
    charge: number;
    incidents: number;
  }>(
    `SELECT count(*) AS estimates, sum(charge)::bigint AS charge,
            (SELECT count(*) FROM incident WHERE kind = 'estimate') AS incidents
       FROM usage_event WHERE outcome = 'process_died'`,
  );
  const [found] = estimates.rows;
  // Eight clients and one open stream a round: no more can have been in flight, and no fewer than the stream.
  expect(found?.estimates).toBeLessThanOrEqual(3 * 9);
  expect(found?.estimates).toBeGreaterThanOrEqual(3);
  expect(found?.incidents).toBe(found?.estimates);
  expect(found?.charge).toBe(0);
  await expectWhole(database);
  await first.close();
});

test.skipIf(!startedSinceBoot(currentProcess()))(
  'what a killed process had not sent is released, what it had measured booked, the rest estimated',
  async () => {
    await using database = await testDatabase();
    using directory = temporaryDirectory();
    const sentDirectory = directory.path;
    const bench = benchOf(database, [METERED]);
    const first = await bench.service({ sentDirectory });
    const subject = await bench.customer(first, METERED, 1000 * USD);
    const script = fileURLToPath(new URL('./testing-crash.ts', import.meta.url));
    const child = fork(
      script,
      [JSON.stringify({ address: database.address, subject, seed: 2, sentDirectory })],
      { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    await once(child, 'message');
    await sleep(150);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'breakeven admission' AND datname = current_database()`,
      );
      return rows.length === 1;
    });
    const [name = ''] = readdirSync(sentDirectory).filter((each) =>
      each.startsWith(`${child.pid}@`),
    );
    const [pid, started = ''] = name.split('@');
    const journal = sentByProcess(sentDirectory, { pid: Number(pid), started });
    const wasMeasured = (id: string) => journal?.get(id) !== undefined;
    const wasSent = (id: string) => journal?.has(id) === true && !wasMeasured(id);
    const { rows: accounts } = await database.pool.query<HoldColumns>(
      'SELECT book, customer, holds, hold_notes FROM account',
    );
    const held = accounts.flatMap((row) => holdsOf(row).map(({ requestId }) => requestId));
    expect(held.filter(wasMeasured).length).toBeGreaterThanOrEqual(1);
    expect(await first.reap()).toBe(held.length);
    const { rows } = await database.pool.query<{
      id: string;
      outcome: string;
      cost: number;
      reason: string | null;
    }>(
      `SELECT id, outcome, cost::float8 AS cost, reason FROM usage_event WHERE outcome IN ('voided', 'process_died')`,
    );
    const of = (outcome: string) =>
      rows.filter((row) => row.outcome === outcome).map(({ id }) => idFromUuid('request', id));
    expect(of('process_died').toSorted()).toEqual(held.filter(wasSent).toSorted());
    expect(of('voided').toSorted()).toEqual(held.filter((id) => !journal?.has(id)).toSorted());
    // What was measured is booked as measured, whoever books it.
    const { rows: measured } = await database.pool.query<{ id: string }>(
      `SELECT id FROM usage_event WHERE outcome = 'completed' AND NOT estimated AND cost = 700 AND charge = 700`,
    );
    const booked = new Set(measured.map(({ id }) => idFromUuid('request', id)));
    expect(held.filter((id) => wasMeasured(id) && !booked.has(id))).toEqual([]);
    // The open stream, and the request that was never sent.
    expect(of('process_died').length).toBeGreaterThanOrEqual(1);
    expect(of('voided').length).toBeGreaterThanOrEqual(1);
    for (const { outcome, cost, reason } of rows) {
      expect(reason).toBe(outcome === 'voided' ? 'killed before it was sent' : null);
      expect(cost).toBe(outcome === 'voided' ? 0 : 1000);
    }
    await expectWhole(database);
    await first.close();
  },
);

test('a process that stopped in order leaves its holds to the others at once', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [METERED]);
  const leaving = await bench.service();
  const subject = await bench.customer(leaving, METERED, USD);
  await admitted(leaving, subject, requestOf(bench, { charge: 1000 }));
  await leaving.close();
  const staying = await bench.service();
  await staying.reap();
  const { rows } = await database.pool.query(
    'SELECT outcome, estimated, cost, charge, supplier, model FROM usage_event',
  );
  expect(rows).toEqual([
    {
      outcome: 'process_died',
      estimated: true,
      cost: 1000,
      charge: 0,
      supplier: 'test',
      model: 'model-1',
    },
  ]);
  // The ledger owes that supplier for that model.
  const { rows: owed } = await database.pool.query(
    `SELECT l.name, sum(t.amount)::float8 AS amount FROM transfer t
       JOIN ledger_account l ON l.number = t.debit WHERE t.event IS NOT NULL GROUP BY l.name`,
  );
  expect(owed).toEqual([{ name: 'cost:test:model-1', amount: 1000 }]);
  await expectWhole(database);
  await staying.close();
});
