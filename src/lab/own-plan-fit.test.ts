import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subject } from '#admission/admission.ts';
import type { AdmissionService } from '#admission/admission-service.ts';
import {
  type Bench,
  benchOf,
  DAY_MS,
  EPOCH_MS,
  EVIDENCE,
  measurementOf,
  requestOf,
  testGate,
  testPlan,
  USD,
} from '#admission/testing-admission.ts';
import { uuidOf } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { ensurePartitionsOf } from '#ledger/partitions.store.ts';
import { insertPlanVersion, makePlanVersionCurrent } from '#subscriptions/plans.store.ts';
import { testDatabase, type TestDatabase } from '#testing/database.ts';
import { ownPlanFit } from './own-plan-fit.ts';
import type { NoPlanFit, PlanFit } from './plan-fit.ts';

/** So many messages in three days, for so much a month. */
const plan = (name: string, messages: number, usd: number) =>
  testPlan({
    plan: name,
    billing: 'included',
    priceNanoUsd: nanoUsd(usd * USD),
    gates: [
      testGate({
        id: 'three-days',
        unit: 'messages',
        limit: messages * 1000,
        window: { kind: 'rolling', seconds: 3 * 86_400 },
      }),
    ],
  });
const wide = plan('wide', 10, 20);
const tight = plan('tight', 6, 6);

let database: TestDatabase;
let bench: Bench;
let service: AdmissionService;

beforeAll(async () => {
  database = await testDatabase();
  bench = benchOf(database, [wide, tight]);
  const { pool } = database;
  await ensurePartitionsOf(pool, { fromMs: EPOCH_MS, toMs: EPOCH_MS + 60 * DAY_MS });
  for (const version of [wide, tight]) {
    await insertPlanVersion(pool, { ...version, body: version });
    await makePlanVersionCurrent(pool, version.plan, version.id);
  }
  service = await bench.service();
}, 120_000);
afterAll(async () => {
  await service?.drain(5_000);
  await service?.close();
  await database?.[Symbol.asyncDispose]();
});

/** Goes to a day and asks so many times, an hour apart. */
async function ask(subject: Subject, day: number, times: number): Promise<void> {
  bench.clock.atMs = EPOCH_MS + day * DAY_MS;
  for (let n = 0; n < times; n++) {
    const answer = await service.admit(subject, requestOf(bench, { cost: 1000 }), EVIDENCE);
    if (answer.verdict === 'admitted')
      await service.settle(answer.hold, measurementOf({ cost: 1000 }));
    bench.clock.atMs += 3_600_000;
  }
}

function fitOf({ customerId }: Subject, day: number): Promise<PlanFit | NoPlanFit> {
  const nowMs = EPOCH_MS + day * DAY_MS;
  return ownPlanFit(database.pool, {
    book: 'live',
    customer: uuidOf(customerId),
    members: 1,
    nowMs,
  });
}

describe('which plan would have fitted', () => {
  it('begins a period with what rolling windows held of the one before', async () => {
    bench.clock.atMs = EPOCH_MS;
    const subject = await bench.customer(service, wide);
    await ask(subject, 1, 1);
    await ask(subject, 29, 8);
    bench.clock.atMs = EPOCH_MS + 30 * DAY_MS;
    await service.change(subject, {
      kind: 'renew',
      period: {
        startMs: EPOCH_MS + 30 * DAY_MS,
        endMs: EPOCH_MS + 60 * DAY_MS,
        timeZone: 'UTC',
      },
      priceNanoUsd: wide.priceNanoUsd,
    });
    // Two have room beside the eight of the day before; on the tight plan none has.
    await ask(subject, 30.1, 5);
    await ask(subject, 45, 4);
    expect(await fitOf(subject, 52)).toMatchObject({
      fromMs: EPOCH_MS + 30 * DAY_MS,
      isPart: false,
      own: { plan: 'wide', requests: 9, refused: 3, refusedDays: 1, priceNanoUsd: 20 * USD },
      compared: 9,
      reproduced: 9,
      others: [{ plan: 'tight', requests: 9, refused: 5, priceNanoUsd: 6 * USD, unknown: 0 }],
    });
  }, 60_000);

  it('compares from a change of plan on, in proportion to the days that are left', async () => {
    bench.clock.atMs = EPOCH_MS;
    const subject = await bench.customer(service, wide);
    await ask(subject, 2, 3);
    bench.clock.atMs = EPOCH_MS + 10 * DAY_MS;
    const { id: planVersionId, priceNanoUsd } = tight;
    await service.change(subject, { kind: 'change_plan', planVersionId, priceNanoUsd });
    await ask(subject, 11, 8);
    await ask(subject, 20, 2);
    expect(await fitOf(subject, 15)).toMatchObject({ why: 'changed_plan' });
    expect(await fitOf(subject, 28)).toMatchObject({
      fromMs: EPOCH_MS + 10 * DAY_MS,
      isPart: true,
      isWhole: false,
      own: { plan: 'tight', requests: 10, refused: 2, priceNanoUsd: 4 * USD },
      compared: 10,
      reproduced: 10,
      others: [{ plan: 'wide', requests: 10, refused: 0, priceNanoUsd: 13_333_333_333 }],
    });
  }, 60_000);
});
