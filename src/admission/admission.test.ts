import { expect, test } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { audit } from '#ledger/audit.ts';
import { testDatabase } from '#testing/database.ts';
import type { AdmissionService } from './admission-service.ts';
import type { Subject } from './admission.ts';
import { heldRequests } from './held-requests.ts';
import {
  admitted,
  benchOf,
  type Bench,
  EVIDENCE,
  measurementOf,
  requestOf,
  testGate,
  testPlan,
  USD,
} from './testing-admission.ts';

const METERED = testPlan({ plan: 'metered' });
const UNITS_500 = testPlan({
  plan: 'units-500',
  billing: 'included',
  gates: [testGate({ id: 'tokens', unit: 'tokens', limit: 500 })],
});
const UNITS_600 = testPlan({
  plan: 'units-600',
  billing: 'included',
  gates: [testGate({ id: 'tokens', unit: 'tokens', limit: 600 })],
});
const PLANS = [METERED, UNITS_500, UNITS_600];

async function admittedOf(
  bench: Bench,
  services: readonly AdmissionService[],
  call: { subject: Subject; count: number; quote: { charge?: number; tokens?: number } },
): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: call.count }, (_, i) => {
      const service = services[i % services.length];
      if (service === undefined) throw new Error('no service');
      return service.admit(call.subject, requestOf(bench, call.quote), EVIDENCE);
    }),
  );
  return answers.filter(({ verdict }) => verdict === 'admitted').length;
}

async function expectWhole(bench: Bench): Promise<void> {
  const { books } = await audit(bench.database.pool, { readHolds: heldRequests });
  expect(books.flatMap(({ differences }) => differences)).toEqual([]);
}

test('an account that another process has changed is read anew, never written as it was remembered', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const services = [await bench.service(), await bench.service()];
  const [first] = services;
  if (first === undefined) throw new Error('no service');
  const subject = await bench.customer(first, METERED, 10 * USD);
  // One after the other, each on the row that the other one has just written.
  for (let i = 0; i < 40; i++) {
    expect(
      await admittedOf(bench, [services[i % 2] ?? first], {
        subject,
        count: 1,
        quote: { charge: USD / 10 },
      }),
    ).toBe(1);
  }
  const { rows } = await database.pool.query(
    'SELECT count(*)::int AS decisions, max(seq)::int - min(seq)::int + 1 AS numbers FROM decision',
  );
  expect(rows).toEqual([{ decisions: 40, numbers: 40 }]);
  const account = await database.pool.query('SELECT held::bigint FROM account');
  expect(account.rows).toEqual([{ held: 4 * USD }]);
  await expectWhole(bench);
  for (const service of services) await service.close();
});

for (const processes of [1, 3]) {
  test(`admits exactly what fits, on ${processes} actor(s)`, async () => {
    await using database = await testDatabase();
    const bench = benchOf(database, PLANS);
    const services = await Promise.all(Array.from({ length: processes }, () => bench.service()));
    const [first] = services;
    if (first === undefined) throw new Error('no service');

    const dollars = await bench.customer(first, METERED, 5 * USD);
    const call = { subject: dollars, count: 1000, quote: { charge: USD / 10 } };
    expect(await admittedOf(bench, services, call)).toBe(50);

    const twenty = await bench.customer(first, UNITS_500);
    expect(
      await admittedOf(bench, services, { subject: twenty, count: 20, quote: { tokens: 75 } }),
    ).toBe(6);

    const five = await bench.customer(first, UNITS_600);
    expect(
      await admittedOf(bench, services, { subject: five, count: 5, quote: { tokens: 500 } }),
    ).toBe(1);

    await expectWhole(bench);
    await Promise.all(services.map((service) => service.close()));
  });

  test(`spends a budget of holds five times too large, on ${processes} actor(s)`, async () => {
    await using database = await testDatabase();
    const bench = benchOf(database, PLANS);
    const services = await Promise.all(Array.from({ length: processes }, () => bench.service()));
    const [first] = services;
    if (first === undefined) throw new Error('no service');
    const subject = await bench.customer(first, METERED, 5 * USD);
    let refusedInARow = 0;
    const client = async (service: AdmissionService): Promise<void> => {
      while (refusedInARow < 200) {
        const answer = await service.admit(
          subject,
          requestOf(bench, { charge: USD / 10 }),
          EVIDENCE,
        );
        if (answer.verdict === 'refused') {
          refusedInARow += 1;
          continue;
        }
        await service.settle(answer.hold, measurementOf({ charge: USD / 50 }));
        refusedInARow = 0;
      }
    };
    await Promise.all(
      Array.from({ length: 30 }, (_, i) => client(services[i % processes] ?? first)),
    );
    const { rows } = await database.pool.query<{ bought: number; held: number }>(
      'SELECT bought, held FROM account',
    );
    expect(rows[0]?.held).toBe(0);
    expect(rows[0]?.bought).toBeGreaterThanOrEqual(0);
    expect(rows[0]?.bought).toBeLessThanOrEqual(0.05 * 5 * USD);
    await expectWhole(bench);
    await Promise.all(services.map((service) => service.close()));
  });
}

test('settles, voids and answers a repeated settlement without booking it again', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, USD);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 300 }));
  const used = measurementOf({ charge: 200, cost: 150 });
  expect(await service.settle(hold, used)).toEqual({
    chargeNanoUsd: 200,
    costNanoUsd: 150,
    overrunNanoUsd: 0,
    remainingNanoUsd: USD - 200,
    repeated: false,
  });
  expect(await service.settle(hold, used)).toMatchObject({ chargeNanoUsd: 200, repeated: true });
  await expect(service.void(hold, 'late')).rejects.toMatchObject({ code: 'conflict' });

  const unused = await admitted(service, subject, requestOf(bench, { charge: 300 }));
  await service.void(unused, 'upstream refused');
  await service.void(unused, 'upstream refused');
  await expect(service.settle(unused, used)).rejects.toMatchObject({ code: 'conflict' });
  await expectWhole(bench);
  const { rows } = await database.pool.query(
    'SELECT outcome, charge, reason FROM usage_event ORDER BY seq',
  );
  expect(rows).toEqual([
    { outcome: 'completed', charge: 200, reason: null },
    { outcome: 'voided', charge: 0, reason: 'upstream refused' },
  ]);
  await service.close();
});

test('books what passes the hold in full, as an incident', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, 1000);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 900 }));
  const settled = await service.settle(hold, measurementOf({ charge: 1500 }));
  expect(settled).toMatchObject({
    chargeNanoUsd: 1500,
    overrunNanoUsd: 600,
    remainingNanoUsd: -500,
  });
  const { rows } = await database.pool.query('SELECT kind, facts FROM incident');
  expect(rows).toEqual([
    { kind: 'overrun', facts: { charge_over: 600, gates_over: 0, cost_over: 600 } },
  ]);
  await expectWhole(bench);
  await service.close();
});

test('replaces an estimate once by the measurement that came late', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, USD);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 1000 }));
  await service.settle(hold, measurementOf({ charge: 900, cost: 800, estimated: true }));
  expect(await service.settle(hold, measurementOf({ charge: 500, cost: 400 }))).toMatchObject({
    chargeNanoUsd: 500,
    costNanoUsd: 400,
    remainingNanoUsd: USD - 500,
    repeated: false,
  });
  expect(await service.settle(hold, measurementOf({ charge: 100, cost: 100 }))).toMatchObject({
    chargeNanoUsd: 500,
    repeated: true,
  });
  await expectWhole(bench);
  await service.close();
});

test('records refusals, and what they were decided on', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, UNITS_600);
  const answer = await service.admit(subject, requestOf(bench, { tokens: 601 }), EVIDENCE);
  expect(answer).toMatchObject({
    verdict: 'refused',
    reason: 'gate',
    gate: { gateId: 'tokens', limit: 600, used: 0 },
  });
  const { rows } = await database.pool.query(
    'SELECT seq, class_served, reason, gate, model_asked FROM decision',
  );
  expect(rows).toEqual([
    { seq: 2, class_served: null, reason: 'gate', gate: 'tokens', model_asked: 'model-1' },
  ]);
  await expectWhole(bench);
  await service.close();
});

test('raises a hold as far as the buckets cover it', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, 1000);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 600 }));
  const upTo = (
    charge: number,
  ): {
    tokens: number;
    costNanoUsd: ReturnType<typeof nanoUsd>;
    chargeNanoUsd: ReturnType<typeof nanoUsd>;
  } => ({
    tokens: 200,
    costNanoUsd: nanoUsd(charge),
    chargeNanoUsd: nanoUsd(charge),
  });
  expect(await service.extend(hold, upTo(1000))).toBe(true);
  expect(await service.extend(hold, upTo(1001))).toBe(false);
  expect(await service.settle(hold, measurementOf({ charge: 1000 }))).toMatchObject({
    overrunNanoUsd: 0,
  });
  await expectWhole(bench);
  await service.close();
});

test('knows no account, and says so', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED);
  const stranger = { ...subject, book: 'test' as const };
  await expect(service.admit(stranger, requestOf(bench, {}), EVIDENCE)).rejects.toMatchObject({
    code: 'no_subscription',
  });
  await service.close();
});
