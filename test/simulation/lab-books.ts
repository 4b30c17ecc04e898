import type { HoldRef, Subject } from '#admission/admission.ts';
import { type AdmissionService, createAdmission } from '#admission/admission-service.ts';
import { planSource, TestClock } from '#admission/testing-admission.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import { type NanoUsd, nanoUsd } from '#base/money.ts';
import { type Random, seededRandom } from '#base/random.ts';
import { usageOf } from '#metering/usage.ts';
import type { Amounts, Candidate } from '#plans/decision.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { ensurePartitionsOf } from '#ledger/partitions.store.ts';
import type { TestDatabase } from '#testing/database.ts';
import { changedPlan, pick, randomPlan } from './random-plan.ts';

/**
 * Real books of many customers, each on a random plan of their own, with everything that can happen to
 * an account: requests that overlap, grow, end late, end unused and pass their holds; grants, refunds,
 * caps, expiries, renewals, changes of plan. What the lab must reproduce from them.
 */

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 9, 20, 7, 13);
const PERIOD_MS = 11 * DAY_MS;
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];

interface Open {
  readonly hold: HoldRef;
  readonly quote: Amounts;
}

interface Person {
  readonly subject: Subject;
  readonly random: Random;
  plan: PlanVersion;
  readonly nextPlan: PlanVersion;
  readonly timeZone: string;
  periodEndMs: number;
  readonly open: Open[];
  readonly ended: HoldRef[];
  grants: number;
  readonly members: readonly Id<'member'>[];
  readonly keys: readonly Id<'apiKey'>[];
}

export interface LabBooks {
  readonly planVersions: readonly PlanVersion[];
  readonly customers: number;
  readonly endMs: number;
}

/** Fills the test book of a database. Equal seeds give equal requests. */
export async function fillBooks(
  database: TestDatabase,
  size: { readonly customers: number; readonly rounds: number; readonly seed: number },
): Promise<LabBooks> {
  const clock = new TestClock();
  clock.atMs = START_MS;
  const random = seededRandom(size.seed);
  const people = Array.from({ length: size.customers }, (_, n) =>
    personOf(size.seed + n, clock, random),
  );
  const planVersions = people.flatMap(({ plan, nextPlan }) => [plan, nextPlan]);
  await ensurePartitionsOf(database.pool, { fromMs: START_MS, toMs: START_MS + 40 * DAY_MS });
  const { address, pool } = database;
  const admission = createAdmission({
    address,
    pool,
    plans: planSource(planVersions),
    clock,
    random,
  });
  await admission.start();
  try {
    await Promise.all(people.map((person) => open(admission, person, clock)));
    for (let round = 0; round < size.rounds; round++) {
      clock.atMs += 1 + random.below(random.next() < 0.3 ? DAY_MS : 120_000);
      await Promise.all(people.map((person) => act(admission, person, clock)));
    }
    await Promise.all(
      people.map((person) => admission.change(person.subject, { kind: 'accrue' }, clock.atMs)),
    );
  } finally {
    await admission.drain(30_000);
    await admission.close();
  }
  return { planVersions, customers: size.customers, endMs: clock.atMs };
}

function personOf(seed: number, clock: TestClock, ids: Random): Person {
  const random = seededRandom(seed);
  const plan = {
    ...randomPlan(random, newId('planVersion', clock, ids)),
    plan: `plan-${seed}`,
    priceNanoUsd: nanoUsd(random.below(5000)),
  };
  const nextPlan = {
    ...changedPlan(random, plan, newId('planVersion', clock, ids)),
    plan: `plan-${seed}`,
    version: 2,
    priceNanoUsd: nanoUsd(random.below(5000)),
  };
  return {
    subject: {
      book: 'test',
      customerId: newId('customer', clock, ids),
      subscriptionId: newId('subscription', clock, ids),
      planVersionId: plan.id,
    },
    random,
    plan,
    nextPlan,
    timeZone: pick(random, ZONES),
    periodEndMs: clock.atMs + PERIOD_MS,
    open: [],
    ended: [],
    grants: 0,
    members: [newId('member', clock, ids), newId('member', clock, ids)],
    keys: [newId('apiKey', clock, ids), newId('apiKey', clock, ids)],
  };
}

function open(admission: AdmissionService, person: Person, clock: TestClock): Promise<unknown> {
  const { subject, plan, periodEndMs, timeZone } = person;
  return admission.change(subject, {
    kind: 'open',
    subscriptionId: subject.subscriptionId,
    planVersionId: plan.id,
    period: { startMs: clock.atMs, endMs: periodEndMs, timeZone },
    priceNanoUsd: plan.priceNanoUsd,
  });
}

async function act(admission: AdmissionService, person: Person, clock: TestClock): Promise<void> {
  const { random, subject } = person;
  if (clock.atMs >= person.periodEndMs && random.next() < 0.7) return renew(admission, person);
  const draw = random.next();
  const [held] = person.open;
  if (draw < 0.5 || held === undefined) return request(admission, person, clock);
  if (draw < 0.75) return settle(admission, person, held);
  if (draw < 0.8) {
    person.open.shift();
    await admission.void(held.hold, 'upstream_failed');
  } else if (draw < 0.86) {
    const { tokens, costNanoUsd, chargeNanoUsd } = held.quote;
    await admission.extend(held.hold, amounts(tokens + 40, costNanoUsd + 60, chargeNanoUsd + 80));
  } else if (draw < 0.9) {
    await admission.change(subject, {
      kind: 'grant',
      credits: random.next() < 0.5 ? 'bought' : 'promotional',
      amountNanoUsd: nanoUsd(100 + random.below(2000)),
      reference: `grant ${person.grants++}`,
      ...(random.next() < 0.5 && { expiresAtMs: clock.atMs + random.below(5 * DAY_MS) + 1 }),
    });
  } else if (draw < 0.94) await refund(admission, person);
  else if (draw < 0.96) await expire(admission, person);
  else if (draw < 0.98) {
    const capNanoUsd = random.next() < 0.3 ? undefined : nanoUsd(random.below(1500));
    await admission.change(subject, { kind: 'cap', capNanoUsd });
  } else if (person.plan !== person.nextPlan) {
    person.plan = person.nextPlan;
    const { id, priceNanoUsd } = person.nextPlan;
    await admission.change(subject, { kind: 'change_plan', planVersionId: id, priceNanoUsd });
  } else await admission.change(subject, { kind: 'accrue' }, clock.atMs);
}

async function renew(admission: AdmissionService, person: Person): Promise<void> {
  const startMs = person.periodEndMs;
  person.periodEndMs = startMs + PERIOD_MS;
  await admission.change(person.subject, {
    kind: 'renew',
    period: { startMs, endMs: person.periodEndMs, timeZone: person.timeZone },
    priceNanoUsd: person.plan.priceNanoUsd,
  });
}

async function request(
  admission: AdmissionService,
  person: Person,
  clock: TestClock,
): Promise<void> {
  const { random } = person;
  const names = person.plan.classes.map(({ name }) => name);
  const first = random.below(names.length);
  const candidates: readonly Candidate[] = [...names.slice(first), ...names.slice(0, first)].map(
    (className) => ({
      className,
      available: random.next() < 0.95,
      quote: amounts(50 + random.below(300), random.below(500), random.below(700)),
    }),
  );
  const decided = await admission.admit(
    person.subject,
    {
      atMs: clock.atMs,
      requestId: newId('request', clock, random),
      candidates,
      memberId: pick(random, person.members),
      keyId: pick(random, person.keys),
      ...(random.next() < 0.2 && { keyCapNanoUsd: nanoUsd(3000) }),
    },
    {
      modelAsked: 'made-up',
      surface: 'bulk',
      streamed: false,
      inputTokensEstimate: 100,
      priceVersionIds: candidates.map(() => '' as Id<'priceVersion'>),
    },
  );
  if (decided.verdict !== 'admitted') return;
  const quote = candidates[decided.candidate]?.quote ?? amounts(0, 0, 0);
  person.open.push({ hold: decided.hold, quote });
}

async function settle(
  admission: AdmissionService,
  person: Person,
  { hold, quote }: Open,
): Promise<void> {
  const { random } = person;
  person.open.shift();
  person.ended.push(hold);
  // Now and then past the hold: booked in full.
  const factor = random.next() < 0.1 ? 1.4 : random.next();
  const part = (amount: number): number => Math.round(amount * factor);
  const actual = amounts(part(quote.tokens), part(quote.costNanoUsd), part(quote.chargeNanoUsd));
  await admission.settle(hold, {
    attempts: [
      {
        supplier: 'made-up',
        model: 'made-up',
        serviceTier: 'standard',
        usage: usageOf({ input: actual.tokens }),
        costNanoUsd: actual.costNanoUsd,
        priceVersionId: '' as Id<'priceVersion'>,
      },
    ],
    actual,
    estimated: false,
    outcome: 'completed',
    upstreamMs: 5,
  });
}

/** There may be nothing to expire, which is refused. */
async function expire(admission: AdmissionService, { subject }: Person): Promise<void> {
  try {
    await admission.change(subject, { kind: 'expire' });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'conflict') throw error;
  }
}

/** Some or all of what is left of an event's charge; many were free, which cannot be refunded. */
async function refund(admission: AdmissionService, person: Person): Promise<void> {
  const { random } = person;
  const hold = person.ended[random.below(Math.max(1, person.ended.length))];
  if (hold === undefined) return;
  try {
    await admission.change(person.subject, {
      kind: 'refund',
      requestId: hold.requestId,
      admittedAtMs: hold.admittedAtMs,
      ...(random.next() < 0.5 && { amountNanoUsd: nanoUsd(1 + random.below(30)) }),
    });
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'invalid_request') throw error;
  }
}

function amounts(tokens: number, cost: number, charge: number): Amounts {
  return { tokens, costNanoUsd: cost as NanoUsd, chargeNanoUsd: charge as NanoUsd };
}
