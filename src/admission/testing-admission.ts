import type { Clock } from '#base/clock.ts';
import { namedId, newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { type Random, seededRandom } from '#base/random.ts';
import { usageOf } from '#metering/usage.ts';
import { compilePlan, type PlanProgram } from '#plans/compile.ts';
import type { DecisionRequest } from '#plans/decision.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { TestDatabase } from '#testing/database.ts';

import type { DecisionEvidence, HoldRef, Measurement, Subject } from './admission.ts';
import {
  type AdmissionOptions,
  type AdmissionService,
  createAdmission,
} from './admission-service.ts';
import type { PlanSource } from './plan-source.ts';

/** Building blocks of the tests of admission: plans, requests and services over one test database. */
export const USD = 1_000_000_000;
export const DAY_MS = 86_400_000;
/** 1 November 2026, UTC. */
export const EPOCH_MS = 1_793_491_200_000;

export function testPlan(plan: Partial<PlanVersion> & { plan: string }): PlanVersion {
  return {
    id: namedId('planVersion', plan.plan),
    version: 1,
    displayName: plan.plan,
    listed: true,
    priceNanoUsd: nanoUsd(0),
    period: 'month',
    seatsMax: 10,
    classes: [
      { name: 'standard', weightMilli: 1000 },
      { name: 'fast', weightMilli: 250 },
    ],
    billing: 'metered',
    tariff: { kind: 'markup', perMille: 1000 },
    gates: [],
    credits: { perPeriodNanoUsd: nanoUsd(0), rollover: { kind: 'none' } },
    overageCapNanoUsd: nanoUsd(0),
    overdraftNanoUsd: nanoUsd(0),
    queueClass: 'standard',
    ...plan,
  };
}

export function testGate(gate: Partial<Gate> & Pick<Gate, 'id' | 'unit' | 'limit'>): Gate {
  return {
    window: { kind: 'cycle' },
    scope: 'customer',
    classes: [],
    whenFull: { do: 'refuse' },
    ...gate,
  };
}

/** Plans that are there from the start, and loaded only on demand. */
export function planSource(plans: readonly PlanVersion[]): PlanSource {
  const known = new Map<string, PlanProgram>();
  return {
    planOf: (id) => known.get(id),
    async load(id) {
      const plan = plans.find((each) => each.id === id);
      if (plan !== undefined) known.set(id, compilePlan(plan));
    },
  };
}

/** A clock that a test moves. */
export class TestClock implements Clock {
  atMs = EPOCH_MS;
  nowMs(): number {
    return this.atMs;
  }
}

export interface Bench {
  readonly clock: TestClock;
  readonly random: Random;
  readonly plans: readonly PlanVersion[];
  readonly database: TestDatabase;
  service(options?: Partial<AdmissionOptions>): Promise<AdmissionService>;
  /** Opens an account for a new customer. */
  customer(service: AdmissionService, plan: PlanVersion, bought?: number): Promise<Subject>;
}

export function benchOf(database: TestDatabase, plans: readonly PlanVersion[]): Bench {
  const clock = new TestClock();
  const random = seededRandom(1);
  return {
    clock,
    random,
    plans,
    database,
    async service(options = {}) {
      const service = createAdmission({
        address: database.address,
        pool: database.pool,
        plans: planSource(plans),
        clock,
        random,
        ...options,
      });
      await service.start();
      return service;
    },
    async customer(service, plan, bought = 0) {
      const subject: Subject = {
        book: 'live',
        customerId: newId('customer', clock, random),
        subscriptionId: newId('subscription', clock, random),
        planVersionId: plan.id,
      };
      await service.change(subject, {
        kind: 'open',
        subscriptionId: subject.subscriptionId,
        planVersionId: plan.id,
        period: { startMs: EPOCH_MS, endMs: EPOCH_MS + 30 * DAY_MS, timeZone: 'UTC' },
        priceNanoUsd: plan.priceNanoUsd,
      });
      if (bought > 0) {
        await service.change(subject, {
          kind: 'grant',
          credits: 'bought',
          amountNanoUsd: nanoUsd(bought),
          reference: 'first payment',
        });
      }
      return subject;
    },
  };
}

export const EVIDENCE: DecisionEvidence = {
  modelAsked: 'model-1',
  surface: 'chat',
  streamed: false,
  inputTokensEstimate: 100,
  priceVersionIds: [namedId('priceVersion', 'test')],
  routes: [{ supplier: 'test', model: 'model-1' }],
};

/** A request that may cost and charge so much, in one class. */
export function requestOf(
  bench: Pick<Bench, 'clock' | 'random'>,
  quote: { charge?: number; cost?: number; tokens?: number; className?: string },
): DecisionRequest {
  const charge = quote.charge ?? 0;
  return {
    atMs: bench.clock.nowMs(),
    requestId: newId('request', bench.clock, bench.random),
    candidates: [
      {
        className: quote.className ?? 'standard',
        available: true,
        quote: {
          tokens: quote.tokens ?? 100,
          costNanoUsd: nanoUsd(quote.cost ?? charge),
          chargeNanoUsd: nanoUsd(charge),
        },
      },
    ],
  };
}

export function measurementOf(used: {
  charge?: number;
  cost?: number;
  tokens?: number;
  estimated?: boolean;
}): Measurement {
  const charge = used.charge ?? 0;
  const cost = nanoUsd(used.cost ?? charge);
  const tokens = used.tokens ?? 100;
  return {
    attempts: [
      {
        supplier: 'test',
        model: 'model-1',
        serviceTier: 'standard',
        usage: usageOf({ input: tokens, requests: 1 }),
        costNanoUsd: cost,
        priceVersionId: namedId('priceVersion', 'test'),
      },
    ],
    actual: { tokens, costNanoUsd: cost, chargeNanoUsd: nanoUsd(charge) },
    estimated: used.estimated ?? false,
    outcome: 'completed',
    upstreamMs: 10,
  };
}

/** Admits, and returns the hold; throws where the request was refused. */
export async function admitted(
  service: AdmissionService,
  subject: Subject,
  request: DecisionRequest,
): Promise<HoldRef> {
  const answer = await service.admit(subject, request, EVIDENCE);
  if (answer.verdict === 'refused')
    throw new Error(`refused: ${answer.reason} ${answer.gate?.gateId ?? ''}`);
  return answer.hold;
}
