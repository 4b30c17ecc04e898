import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assert } from '#base/assert.ts';
import { newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import { audit } from '#ledger/audit.ts';
import { type TestDatabase, testDatabase } from '#testing/database.ts';
import type { Subject } from './admission.ts';
import { accrue, accrueInAll } from './accrual.ts';
import { readAccount } from './account.store.ts';
import { heldRequests } from './held-requests.ts';
import {
  admitted,
  benchOf,
  DAY_MS,
  EPOCH_MS,
  EVIDENCE,
  measurementOf,
  requestOf,
  testGate,
  testPlan,
  USD,
} from './testing-admission.ts';

const BASIC = testPlan({
  plan: 'basic',
  priceNanoUsd: nanoUsd(20 * USD),
  credits: { perPeriodNanoUsd: nanoUsd(5 * USD), rollover: { kind: 'none' } },
});
const LARGE = testPlan({
  plan: 'large',
  priceNanoUsd: nanoUsd(200 * USD),
  credits: { perPeriodNanoUsd: nanoUsd(60 * USD), rollover: { kind: 'none' } },
});

async function expectWhole(database: TestDatabase): Promise<void> {
  const { books } = await audit(database.pool, { readHolds: heldRequests });
  expect(books.flatMap(({ differences }) => differences)).toEqual([]);
}

test('a price is earned to the nano-dollar, however often it is asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5_000_000_000_000 }),
      fc.integer({ min: 1, max: 40 * DAY_MS }),
      fc.array(fc.integer({ min: 0, max: 40 * DAY_MS })),
      fc.integer({ min: 0, max: 42 * DAY_MS }),
      (priceNanoUsd, lengthMs, stops, countedAfterMs) => {
        const countedFromMs = EPOCH_MS + countedAfterMs;
        const terms = {
          priceNanoUsd,
          accruedNanoUsd: 0,
          fromMs: EPOCH_MS + 12_345,
          endMs: EPOCH_MS + 12_345 + lengthMs,
          accruedToMs: EPOCH_MS + 12_345,
        };
        for (const stop of [...stops.toSorted((a, b) => a - b), 41 * DAY_MS]) {
          const inAll = accrueInAll(terms, EPOCH_MS + stop, countedFromMs);
          let counted = 0;
          for (const { atMs, amountNanoUsd } of accrue(terms, EPOCH_MS + stop)) {
            expect(amountNanoUsd).toBeGreaterThanOrEqual(0);
            terms.accruedNanoUsd += amountNanoUsd;
            if (atMs >= countedFromMs) counted += amountNanoUsd;
          }
          expect(inAll).toEqual({ accruedNanoUsd: terms.accruedNanoUsd, countedNanoUsd: counted });
          terms.accruedToMs = Math.max(terms.accruedToMs, Math.min(EPOCH_MS + stop, terms.endMs));
        }
        expect(terms.accruedNanoUsd).toBe(priceNanoUsd);
      },
    ),
  );
});

test('an account through its life: credits, use, change of plan, refund, renewal, expiry', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [BASIC, LARGE]);
  const service = await bench.service();
  const subject = await bench.customer(service, BASIC, 3 * USD);
  await service.change(subject, {
    kind: 'grant',
    credits: 'promotional',
    amountNanoUsd: nanoUsd(USD),
    expiresAtMs: EPOCH_MS + 20 * DAY_MS,
    reference: 'welcome',
  });
  // The same payment again credits nothing.
  await expect(
    service.change(subject, {
      kind: 'grant',
      credits: 'bought',
      amountNanoUsd: nanoUsd(3 * USD),
      reference: 'first payment',
    }),
  ).rejects.toMatchObject({ code: 'conflict' });

  const hold = await admitted(service, subject, requestOf(bench, { charge: 8 * USD }));
  const settled = await service.settle(hold, measurementOf({ charge: 7 * USD, cost: 4 * USD }));
  expect(settled).toMatchObject({ chargeNanoUsd: 7 * USD, remainingNanoUsd: 2 * USD });
  await expectWhole(database);

  // Seven dollars were five of allowance, one of promotional and one of bought credits.
  const refund = (dollars: number) =>
    service.change(subject, {
      kind: 'refund',
      requestId: hold.requestId,
      admittedAtMs: hold.admittedAtMs,
      amountNanoUsd: nanoUsd(dollars * USD),
    });
  expect(await refund(1.5)).toMatchObject({ refundedNanoUsd: 1.5 * USD });
  await expect(refund(6)).rejects.toMatchObject({ code: 'invalid_request' });
  expect(await readAccount(database.pool, subject)).toMatchObject({
    boughtNanoUsd: 3 * USD,
    promotionalNanoUsd: 0.5 * USD,
    allowanceNanoUsd: 0,
  });

  bench.clock.atMs = EPOCH_MS + 15 * DAY_MS;
  await service.change(subject, {
    kind: 'change_plan',
    planVersionId: LARGE.id,
    priceNanoUsd: LARGE.priceNanoUsd,
  });
  const { rows: half } = await database.pool.query('SELECT price, accrued FROM account');
  expect(half).toEqual([{ price: 100 * USD, accrued: 0 }]);
  await expectWhole(database);

  bench.clock.atMs = EPOCH_MS + 21 * DAY_MS;
  await service.change(subject, { kind: 'expire' });
  bench.clock.atMs = EPOCH_MS + 30 * DAY_MS + 1;
  const period = {
    startMs: EPOCH_MS + 30 * DAY_MS,
    endMs: EPOCH_MS + 60 * DAY_MS,
    timeZone: 'UTC',
  };
  await service.change(subject, { kind: 'renew', period, priceNanoUsd: LARGE.priceNanoUsd });
  await expect(
    service.change(subject, { kind: 'renew', period, priceNanoUsd: LARGE.priceNanoUsd }),
  ).rejects.toMatchObject({ code: 'conflict' });
  await service.change(subject, { kind: 'cap', capNanoUsd: nanoUsd(7) });
  expect(await readAccount(database.pool, subject)).toMatchObject({
    allowanceNanoUsd: 60 * USD,
    capNanoUsd: 7,
  });
  await expectWhole(database);

  // Half a month of each plan, and what was used and given back.
  const { rows: earned } = await database.pool.query(
    'SELECT sum(subscription)::bigint AS subscription, sum(refunded)::bigint AS refunded FROM revenue_rollup',
  );
  expect(earned).toEqual([{ subscription: 110 * USD, refunded: USD }]);
  await service.close();
});

const SHARED = testPlan({
  plan: 'shared',
  billing: 'included',
  gates: [
    testGate({
      id: 'installation',
      unit: 'cost',
      limit: 100 * USD,
      scope: 'everyone',
      window: { kind: 'calendar', unit: 'day' },
    }),
  ],
});

test('a cap on everyone holds over three processes, and all of it can be spent', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, [SHARED]);
  const services = await Promise.all([bench.service(), bench.service(), bench.service()]);
  const [first] = services;
  const subjects = await Promise.all(
    Array.from({ length: 9 }, () => bench.customer(first, SHARED)),
  );
  let spent = 0;
  const refusals: unknown[] = [];
  await Promise.all(
    subjects.map(async (subject, i) => {
      const service = services[i % 3] ?? first;
      for (let turn = 0; turn < 40; turn++) {
        const answer = await service.admit(subject, requestOf(bench, { cost: USD }), EVIDENCE);
        if (answer.verdict === 'refused') {
          refusals.push(answer.gate?.gateId);
          return;
        }
        spent += USD;
        await service.settle(answer.hold, measurementOf({ charge: 0, cost: USD }));
      }
    }),
  );
  expect(new Set(refusals)).toEqual(new Set(['installation']));
  expect(spent).toBeLessThanOrEqual(100 * USD);
  expect(spent).toBeGreaterThanOrEqual(95 * USD);
  await expectWhole(database);
  await Promise.all(services.map((service) => service.close()));
});

test('plans that set one counter different limits each keep their own, and none waits for another', async () => {
  await using database = await testDatabase();
  const cost = USD / 50;
  const limits = [320, 100, ...Array.from({ length: 38 }, (_, n) => 99 - n)];
  const plans = limits.map((requests, n) =>
    testPlan({
      ...SHARED,
      plan: `shared-${n}`,
      id: newId('planVersion', { nowMs: () => EPOCH_MS + n }, seededRandom(n)),
      gates: SHARED.gates.map((gate) => ({ ...gate, limit: requests * cost })),
    }),
  );
  const bench = benchOf(database, plans);
  const service = await bench.service();
  const people = await Promise.all(plans.map((plan) => bench.customer(service, plan)));
  const [most, second] = people;
  assert(most !== undefined && second !== undefined, 'there are plans');
  const spend = async (subject: Subject): Promise<unknown> => {
    const answer = await service.admit(subject, requestOf(bench, { cost }), EVIDENCE);
    if (answer.verdict === 'refused') return answer.gate?.gateId;
    await service.settle(answer.hold, measurementOf({ charge: 0, cost }));
    return 'admitted';
  };
  // What the process has leased under the highest limit and not spent is not the next lower one's to spend.
  for (let turn = 0; turn < 101; turn++) expect(await spend(most)).toBe('admitted');
  expect(await spend(second)).toBe('installation');
  for (let turn = 101; turn < 320; turn++) expect(await spend(most)).toBe('admitted');
  // All of them at once, many more than go into a batch.
  const many = Array.from({ length: 25 }, () => people).flat();
  expect(new Set(await Promise.all(many.map(spend)))).toEqual(new Set(['installation']));
  await expectWhole(database);
  await service.close();
});

test('members and keys have counters of their own, on every process', async () => {
  await using database = await testDatabase();
  const plan = testPlan({
    plan: 'seats',
    billing: 'included',
    gates: [testGate({ id: 'seat', unit: 'messages', limit: 3000, scope: 'member' })],
  });
  const bench = benchOf(database, [plan]);
  const services = await Promise.all([bench.service(), bench.service()]);
  const subject = await bench.customer(services[0], plan);
  const keyId = newId('apiKey', bench.clock, bench.random);
  for (const memberId of [
    newId('member', bench.clock, bench.random),
    newId('member', bench.clock, bench.random),
  ]) {
    const verdicts: string[] = [];
    for (let i = 0; i < 8; i++) {
      const request = {
        ...requestOf(bench, { charge: 10 }),
        memberId,
        keyId,
        keyCapNanoUsd: nanoUsd(50),
      };
      const service = services[i % 2] ?? services[0];
      const answer = await service.admit(subject, request, EVIDENCE);
      verdicts.push(
        answer.verdict === 'admitted' ? 'admitted' : (answer.gate?.gateId ?? answer.reason),
      );
      // The second one is released: it counts for nothing. The others settle on the other process.
      const other = services[(i + 1) % 2] ?? services[0];
      if (answer.verdict === 'refused') continue;
      if (i === 1) await other.void(answer.hold, 'not sent');
      else await other.settle(answer.hold, measurementOf({ charge: 10, cost: 10 }));
    }
    const full =
      verdicts.length === 8 && verdicts.slice(4).every((verdict) => verdict !== 'admitted');
    expect(full).toBe(true);
  }
  const { rows } = await database.pool.query('SELECT count(*) AS scopes FROM account_scope');
  expect(rows).toEqual([{ scopes: 3 }]);
  await expectWhole(database);
  await Promise.all(services.map((service) => service.close()));
});

test('bulk admission runs the same kernel over given time', async () => {
  await using database = await testDatabase();
  const plan = testPlan({
    plan: 'windowed',
    billing: 'included',
    gates: [
      testGate({
        id: 'daily',
        unit: 'messages',
        limit: 5000,
        window: { kind: 'calendar', unit: 'day' },
      }),
    ],
  });
  const bench = benchOf(database, [plan]);
  const service = await bench.service();
  const subjects = await Promise.all(
    Array.from({ length: 20 }, () => bench.customer(service, plan)),
  );
  const bulk = await service.bulk();
  function* requests() {
    for (let hour = 0; hour < 72; hour++) {
      for (const subject of subjects) {
        bench.clock.atMs = EPOCH_MS + hour * 3_600_000;
        yield {
          subject,
          request: requestOf(bench, { cost: 100 }),
          evidence: { ...EVIDENCE, surface: 'bulk' as const },
          measure: () => measurementOf({ charge: 0, cost: 60 }),
        };
      }
    }
  }
  const verdicts = { admitted: 0, refused: 0 };
  await bulk.run(requests(), ({ decision }) => (verdicts[decision.verdict] += 1));
  await bulk.close();
  expect(verdicts).toEqual({ admitted: 20 * 3 * 5, refused: 20 * 3 * 19 });
  const { rows } = await database.pool.query(
    'SELECT day, count(*) AS events FROM usage_event GROUP BY day ORDER BY day',
  );
  expect(rows).toEqual(
    ['2026-11-01', '2026-11-02', '2026-11-03'].map((day) => ({ day, events: 100 })),
  );
  await expectWhole(database);
  await service.close();
});
