import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { testDatabase } from '#testing/database.ts';
import type { Admitted } from './admission.ts';
import type { AdmissionService } from './admission-service.ts';
import { chargeAhead } from './charge-ahead.ts';
import {
  admitted,
  benchOf,
  EVIDENCE,
  measurementOf,
  requestOf,
  testGate,
  testPlan,
  USD,
} from './testing-admission.ts';
import type { DecisionRequest } from '#plans/decision.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { Subject } from './admission.ts';

const METERED = testPlan({ plan: 'metered' });
const CAPPED = testPlan({ plan: 'capped', fareCapNanoUsd: nanoUsd(1_000) });
const INCLUDED = testPlan({ plan: 'included', billing: 'included' });
/** Two messages, then bought credits, then overage. */
const WATERFALL = testPlan({
  plan: 'waterfall',
  billing: 'included',
  overageCapNanoUsd: nanoUsd(USD),
  gates: [
    testGate({ id: 'messages', unit: 'messages', limit: 2_000, whenFull: { do: 'overage' } }),
  ],
});
const PLANS = [METERED, CAPPED, INCLUDED, WATERFALL];
const FOR_EVER_MS = 1_000_000;

async function admit(
  service: AdmissionService,
  subject: Subject,
  request: DecisionRequest,
): Promise<Admitted> {
  const answer = await service.admit(subject, request, EVIDENCE);
  if (answer.verdict === 'refused') throw new Error(`refused: ${answer.reason}`);
  return answer;
}

test('what is asked after a settlement that nobody waits for is decided after it', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service({ limits: { restMs: FOR_EVER_MS } });
  const subject = await bench.customer(service, METERED, 1_000);
  let left = 1_000;
  // At first the settlement has to learn its ledger accounts, and all that follows waits with it.
  for (const used of [100, 50, 20]) {
    const first = await admit(service, subject, requestOf(bench, { charge: left }));
    expect(first.remainingNanoUsd).toBe(0);
    void service.settle(first.hold, measurementOf({ charge: used }), 'soon');
    left -= used;
  }
  const [second, third, fourth] = await Promise.all([
    admit(service, subject, requestOf(bench, { charge: left - 10 })),
    service.admit(subject, requestOf(bench, { charge: 11 }), EVIDENCE),
    admit(service, subject, requestOf(bench, { charge: 10 })),
  ]);
  expect(second.remainingNanoUsd).toBe(10);
  expect(third.verdict).toBe('refused');
  expect(fourth.remainingNanoUsd).toBe(0);
  await service.close();
});

test('a settlement that nobody waits for keeps no hold waiting, and goes soon all the same', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const restMax = 16;
  const service = await bench.service({ limits: { restMs: FOR_EVER_MS, restMax } });
  const another = await bench.customer(service, METERED, USD);
  const booked: string[] = [];
  const settleSoon = async (name: string): Promise<Subject> => {
    const subject = await bench.customer(service, METERED, USD);
    const hold = await admitted(service, subject, requestOf(bench, { charge: 100 }));
    void service.settle(hold, measurementOf({ charge: 70 }), 'soon').then(
      () => booked.push(name),
      () => undefined,
    );
    return subject;
  };
  const hold = (subject: Subject) => admitted(service, subject, requestOf(bench, { charge: 100 }));
  // The first one has to learn its ledger accounts; whoever asks for it need not ask twice.
  const first = service.settle(await hold(another), measurementOf({ charge: 70 }), 'soon');
  service.hurry();
  await first;
  const own = await settleSoon('with a hold of its own account');
  await hold(another);
  await sleep(50);
  expect(booked).toEqual([]);
  await hold(own);
  expect(booked.at(-1)).toBe('with a hold of its own account');
  await settleSoon('when somebody asks');
  service.hurry();
  await hold(another);
  expect(booked.at(-1)).toBe('when somebody asks');
  for (let i = 1; i < restMax; i++) await settleSoon('enough with the hold');
  await hold(another);
  expect(booked).toHaveLength(2 + restMax - 1);
  await service.close();
});

test('a settlement that nobody waits for goes by itself', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const subject = await bench.customer(service, METERED, USD);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 100 }));
  expect(await service.settle(hold, measurementOf({ charge: 70 }), 'soon')).toMatchObject({
    chargeNanoUsd: 70,
  });
  await service.close();
});

test('a drain books what nobody waits for', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service({ limits: { restMs: FOR_EVER_MS } });
  const subject = await bench.customer(service, METERED, USD);
  const hold = await admitted(service, subject, requestOf(bench, { charge: 100 }));
  void service.settle(hold, measurementOf({ charge: 70 }), 'soon');
  expect(await service.drain(5_000)).toBe(0);
  const { rows } = await database.pool.query('SELECT charge FROM usage_event');
  expect(rows).toEqual([{ charge: 70 }]);
  await service.close();
});

test('a charge that is told ahead is the one that is booked', async () => {
  await using database = await testDatabase();
  const bench = benchOf(database, PLANS);
  const service = await bench.service();
  const told = async (plan: PlanVersion, bought: number, charges: readonly number[]) => {
    const subject = await bench.customer(service, plan, bought);
    const ahead: unknown[] = [];
    for (const charge of charges) {
      const { hold, ...rest } = await admit(service, subject, requestOf(bench, { charge: 500 }));
      const used = measurementOf({ charge });
      const said = chargeAhead({ hold, ...rest }, used.actual);
      const booked = await service.settle(hold, used);
      expect(booked).toMatchObject(said ?? {});
      ahead.push(said?.chargeNanoUsd);
    }
    return ahead;
  };
  expect(await told(METERED, 2_000, [300, 500, 0])).toEqual([300, 500, 0]);
  expect(await told(INCLUDED, 0, [300, 700])).toEqual([0, 0]);
  // Included twice; then credits pay, then both, then overage alone.
  expect(await told(WATERFALL, 700, [400, 400, 400, 450, 500])).toEqual([0, 0, 400, 450, 500]);
  // Who pays above the hold, and what a fare cap leaves of a charge, only settling tells.
  expect(await told(METERED, 2_000, [501])).toEqual([undefined]);
  expect(await told(CAPPED, 2_000, [300, 400])).toEqual([undefined, undefined]);
  await service.close();
});
