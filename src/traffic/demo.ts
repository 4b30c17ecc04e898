import type { Pool } from 'pg';
import type { Admitted, Measurement, Subject } from '#admission/admission.ts';
import type { AdmissionService } from '#admission/admission-service.ts';
import type { BulkAdmission, BulkOutcome, BulkRequest } from '#admission/bulk.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import { type NanoUsd, NANO_PER_USD, nanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import type { ModelDirectory, ModelRoute, ServedModel } from '#gateway/model-directory.ts';
import { type PlanDirectory, planTerms } from '#gateway/plan-directory.ts';
import { tally } from '#gateway/tally.ts';
import { usageOf } from '#metering/usage.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { Candidate } from '#plans/decision.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { chargeOf } from '#pricing/charge.ts';
import { quoteOf } from '#pricing/quote.ts';
import type { Subscription } from '#subscriptions/subscription.ts';
import { DEMO_PLANS, type DemoPlan } from './calibration.ts';
import {
  demoDay,
  type DemoEvent,
  type DemoOptions,
  type DemoSubscriber,
  demoSubscribers,
} from './demo-population.ts';
import { deleteDemoBook, insertDemoSubscribers, isDemoLoaded } from './demo.store.ts';

export interface DemoDeps {
  readonly pool: Pool;
  readonly admission: Pick<AdmissionService, 'bulk'>;
  readonly models: ModelDirectory;
  readonly plans: PlanDirectory & { current(): readonly PlanVersion[] };
  readonly clock: Clock;
  readonly random: Random;
}

export interface DemoProgress {
  readonly text: string;
  readonly day: number;
  readonly days: number;
  readonly requests: number;
}

export interface DemoResult {
  readonly subscribers: number;
  readonly requests: number;
  readonly refused: number;
  readonly seconds: number;
  readonly text: string;
}

const DAY_MS = 86_400_000;
/** A subscriber who pays as they go tops up to this whenever less than half of it is left. */
const TOP_UP_NANO_USD = 50 * NANO_PER_USD;
const startOfDay = (atMs: number): number => atMs - (atMs % DAY_MS);
const MODELS = { fast: 'sim-fast', standard: 'sim-standard', reasoning: 'sim-reasoning' } as const;

/** A subscriber with what the books know of them. */
interface Resident {
  readonly subscriber: DemoSubscriber;
  readonly subject: Subject;
  readonly subscription: Subscription;
  readonly plan: PlanVersion;
  periodEndMs: number;
  remainingNanoUsd: number;
  topUps: number;
}

/**
 * Fills the demo book: subscribers drawn from the published tail, and each of their requests decided and
 * settled at its own instant by the kernel that bills live traffic.
 * @throws DomainError `conflict` where the demo is loaded, `invalid_configuration` where a starter plan
 *   or simulated model is missing, `store_unavailable`
 */
export async function loadDemo(
  deps: DemoDeps,
  options: Omit<DemoOptions, 'endMs'>,
  onProgress: (progress: DemoProgress) => void,
): Promise<DemoResult> {
  if (await isDemoLoaded(deps.pool)) {
    throw new DomainError(
      'conflict',
      'The demo is loaded already. Drop it first: breakeven demo --drop',
    );
  }
  const startedMs = deps.clock.nowMs();
  // Whole days of UTC, so that windows of a day only ever move forward; the last one ends now.
  const demo: DemoOptions = { ...options, endMs: startOfDay(startedMs) + DAY_MS };
  const residents = settleIn(deps, demo);
  await insertDemoSubscribers(
    deps.pool,
    residents.map(({ subscription, subscriber }) => ({
      name: `Subscriber ${subscriber.index + 1}`,
      subscription,
    })),
  );
  const bulk = await deps.admission.bulk();
  let requests = 0;
  let refused = 0;
  try {
    await openAccounts(bulk, residents);
    for (let day = 0; day < demo.days; day++) {
      await prepareDay(bulk, residents, demo, day);
      await bulk.run(
        requestsOfDay(deps, residents, { ...demo, day, untilMs: startedMs }),
        (outcome, request) => {
          requests++;
          if (outcome.decision.verdict === 'refused') refused++;
          remember(residents, outcome, request);
        },
      );
      onProgress(
        progressOf({
          day: day + 1,
          days: demo.days,
          requests,
          startedMs,
          nowMs: deps.clock.nowMs(),
        }),
      );
    }
    await changeAll(bulk, residents, () => ({ kind: 'accrue' }), startedMs);
  } finally {
    await bulk.close();
  }
  await deps.pool.query('ANALYZE');
  const seconds = (deps.clock.nowMs() - startedMs) / 1000;
  return {
    subscribers: residents.length,
    requests,
    refused,
    seconds,
    text:
      `Loaded ${residents.length.toLocaleString('en')} subscribers with ${requests.toLocaleString('en')} requests in ` +
      `${demo.days} days (calibration ${demo.calibration}, seed ${demo.seed}), ${refused.toLocaleString('en')} of them refused, ` +
      `in ${seconds.toFixed(1)} s.\nNow: breakeven report pnl --book demo`,
  };
}

/** Removes the demo book, and nothing else. */
export async function dropDemo(pool: Pool): Promise<{ rows: number; text: string }> {
  const rows = await deleteDemoBook(pool);
  return {
    rows,
    text:
      rows === 0
        ? 'There was no demo to drop.'
        : `Dropped the demo: ${rows.toLocaleString('en')} rows.`,
  };
}

function settleIn(deps: DemoDeps, demo: DemoOptions): readonly Resident[] {
  const current = new Map(deps.plans.current().map((plan) => [plan.plan, plan]));
  const missing = DEMO_PLANS.filter((plan) => !current.has(plan));
  if (missing.length > 0) {
    throw new DomainError(
      'invalid_configuration',
      `The demo needs the starter plans; ${missing.join(', ')} is not on offer.`,
    );
  }
  const startMs = demo.endMs - demo.days * DAY_MS;
  return demoSubscribers(demo).map((subscriber) => {
    const plan = requirePlan(current, subscriber.plan);
    const period = billingPeriod(startMs, startMs, 'UTC');
    const subscription: Subscription = {
      book: 'demo',
      id: newId('subscription', deps.clock, deps.random),
      customerId: newId('customer', deps.clock, deps.random),
      planVersionId: plan.id,
      timeZone: 'UTC',
      anchorMs: startMs,
      periodStartMs: period.startMs,
      periodEndMs: period.endMs,
    };
    return {
      subscriber,
      plan,
      subscription,
      subject: {
        book: 'demo',
        customerId: subscription.customerId,
        subscriptionId: subscription.id,
        planVersionId: plan.id,
      },
      periodEndMs: period.endMs,
      remainingNanoUsd: 0,
      topUps: 0,
    };
  });
}

function requirePlan(current: ReadonlyMap<string, PlanVersion>, name: DemoPlan): PlanVersion {
  const plan = current.get(name);
  if (!plan) throw new DomainError('invalid_configuration', `The plan ${name} is not on offer.`);
  return plan;
}

async function openAccounts(bulk: BulkAdmission, residents: readonly Resident[]): Promise<void> {
  await changeAll(
    bulk,
    residents,
    ({ subscription, plan }) => ({
      kind: 'open',
      subscriptionId: subscription.id,
      planVersionId: plan.id,
      period: {
        startMs: subscription.periodStartMs,
        endMs: subscription.periodEndMs,
        timeZone: subscription.timeZone,
      },
      priceNanoUsd: plan.priceNanoUsd,
    }),
    residents[0]?.subscription.periodStartMs ?? 0,
  );
}

/** Renews whose period ends, and lets those who pay as they go top up, before the day begins. */
async function prepareDay(
  bulk: BulkAdmission,
  residents: readonly Resident[],
  demo: DemoOptions,
  day: number,
): Promise<void> {
  const startMs = demo.endMs - (demo.days - day) * DAY_MS;
  const due = residents.filter((resident) => resident.periodEndMs < startMs + DAY_MS);
  for (const resident of due) {
    // Renewed at its own instant, which may lie inside the day: what comes before it was sent before.
    const { anchorMs, timeZone } = resident.subscription;
    const period = billingPeriod(anchorMs, resident.periodEndMs, timeZone);
    await bulk.change(
      accountOf(resident),
      { kind: 'renew', period: { ...period, timeZone }, priceNanoUsd: resident.plan.priceNanoUsd },
      resident.periodEndMs,
    );
    resident.periodEndMs = period.endMs;
  }
  const dry = residents.filter(
    ({ plan, remainingNanoUsd }) =>
      plan.billing === 'metered' && remainingNanoUsd * 2 < TOP_UP_NANO_USD,
  );
  await changeAll(
    bulk,
    dry,
    (resident) => ({
      kind: 'grant',
      credits: 'bought',
      amountNanoUsd: nanoUsd(TOP_UP_NANO_USD - Math.max(0, resident.remainingNanoUsd)),
      reference: `demo top-up ${resident.subscriber.index}/${resident.topUps++}`,
    }),
    startMs,
  );
}

async function changeAll(
  bulk: BulkAdmission,
  residents: readonly Resident[],
  changeOf: (resident: Resident) => Parameters<BulkAdmission['change']>[1],
  atMs: number,
): Promise<void> {
  const changeOne = async (resident: Resident): Promise<void> => {
    const changed = await bulk.change(accountOf(resident), changeOf(resident), atMs);
    resident.remainingNanoUsd = changed.remainingNanoUsd;
  };
  const pending: Promise<void>[] = [];
  for (const resident of residents) {
    await bulk.room();
    pending.push(changeOne(resident));
  }
  await Promise.all(pending);
}

const accountOf = ({ subject }: Resident) => ({
  book: subject.book,
  customerId: subject.customerId,
});

function* requestsOfDay(
  deps: DemoDeps,
  residents: readonly Resident[],
  at: DemoOptions & { readonly day: number; readonly untilMs: number },
): Generator<BulkRequest> {
  for (const resident of residents) {
    for (const event of demoDay(resident.subscriber, at.day, at)) {
      if (event.atMs < at.untilMs) yield bulkRequest(deps, resident, event);
    }
  }
}

function bulkRequest(deps: DemoDeps, resident: Resident, event: DemoEvent): BulkRequest {
  const { subject } = resident;
  const modelAsked = MODELS[event.className];
  const served = deps.models.candidates(subject, modelAsked);
  const [first] = served;
  if (!first) {
    throw new DomainError(
      'invalid_configuration',
      `The demo needs the simulated model ${modelAsked}.`,
    );
  }
  const { basis } = planTerms(deps.plans, subject.planVersionId);
  return {
    subject,
    request: {
      atMs: event.atMs,
      requestId: newId('request', { nowMs: () => event.atMs }, deps.random),
      candidates: served.map((model) => candidateOf(model, event, basis)),
    },
    evidence: {
      modelAsked,
      surface: 'bulk',
      streamed: true,
      inputTokensEstimate: event.inputTokens,
      priceVersionIds: served.map((model) => priceOf(routeOf(model)).id),
    },
    measure: (admitted) => measure(served, admitted, event, basis),
  };
}

type Basis = ReturnType<typeof planTerms>['basis'];

function candidateOf(model: ServedModel, event: DemoEvent, basis: Basis): Candidate {
  const outputTokensMax = Math.max(
    model.outputTokensP99,
    event.outputTokens + event.reasoningTokens,
  );
  const costNanoUsd = quoteOf({
    prices: routeOf(model).prices,
    bound: { inputTokensMax: event.inputTokens, outputTokensMax },
  });
  return {
    className: model.className,
    available: true,
    quote: {
      tokens: event.inputTokens + outputTokensMax,
      costNanoUsd,
      chargeNanoUsd: chargeBound(costNanoUsd, basis),
    },
  };
}

/** A mark-up bounds the charge by the bound of the cost; own rates are not used by the starter plans. */
function chargeBound(costNanoUsd: NanoUsd, basis: Basis): NanoUsd {
  if (basis.kind !== 'markup') {
    throw new DomainError('invalid_configuration', 'The demo knows plans with a mark-up only.');
  }
  const metering = { parts: [], estimated: false };
  const cost = { nanoUsd: costNanoUsd, unpriced: [], priceVersionId: undefined };
  return chargeOf({ metering, cost, basis, atMs: 0 }).nanoUsd;
}

function measure(
  served: readonly ServedModel[],
  admitted: Admitted,
  event: DemoEvent,
  basis: Basis,
): Measurement {
  const model = served[admitted.candidate];
  if (!model) throw new RangeError('an admitted candidate is one of those asked for');
  const isReasoning = model.className === 'reasoning';
  const usage = usageOf({
    input: event.inputTokens - event.cachedTokens,
    input_cached: event.cachedTokens,
    output: event.outputTokens,
    reasoning: isReasoning ? event.reasoningTokens : 0,
    requests: 1,
  });
  const route = routeOf(model);
  const parts = [{ model: route.model, serviceTier: undefined, usage }];
  return tally([{ route, metering: { parts, estimated: false }, isCharged: true }], {
    basis,
    atMs: event.atMs,
    outcome: 'completed',
    upstreamMs: 0,
  }).measurement;
}

function routeOf(model: ServedModel): ModelRoute {
  const [route] = model.routes;
  if (!route) throw new RangeError('a served model has a route');
  return route;
}

function priceOf(route: ModelRoute): { readonly id: Id<'priceVersion'> } {
  const [price] = route.prices;
  if (!price) throw new RangeError('a served route has a price');
  return price;
}

/** What is left for those who pay as they go, so that they top up in time. */
function remember(
  residents: readonly Resident[],
  outcome: BulkOutcome,
  request: BulkRequest,
): void {
  const remaining =
    'settled' in outcome ? outcome.settled.remainingNanoUsd : outcome.decision.remainingNanoUsd;
  const resident = byCustomer(residents).get(request.subject.customerId);
  if (resident) resident.remainingNanoUsd = remaining;
}

const indexes = new WeakMap<readonly Resident[], ReadonlyMap<string, Resident>>();

function byCustomer(residents: readonly Resident[]): ReadonlyMap<string, Resident> {
  let index = indexes.get(residents);
  if (!index) {
    index = new Map(residents.map((resident) => [resident.subject.customerId, resident]));
    indexes.set(residents, index);
  }
  return index;
}

function progressOf(at: {
  day: number;
  days: number;
  requests: number;
  startedMs: number;
  nowMs: number;
}): DemoProgress {
  const seconds = Math.max(0.001, (at.nowMs - at.startedMs) / 1000);
  const leftSeconds = Math.round((seconds / at.day) * (at.days - at.day));
  return {
    day: at.day,
    days: at.days,
    requests: at.requests,
    text:
      `Day ${at.day} of ${at.days}: ${at.requests.toLocaleString('en')} requests, ` +
      `${Math.round(at.requests / seconds).toLocaleString('en')} a second, about ${leftSeconds} s left`,
  };
}
