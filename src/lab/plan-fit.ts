import { priceOfRest } from '#admission/accrual.ts';
import { type NanoUsd, nanoUsd } from '#base/money.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { onPlan } from './customer-tape.ts';
import { METRIC_COUNT, metricOf } from './metrics.ts';
import { ReplayRun } from './replay-run.ts';
import { type LabBasis, recordedSpec } from './scenario.ts';
import { FALLBACKS, NONE, sharedMatrix, type Tape } from './tape.ts';

const DAY_MS = 86_400_000;
const FELL_BACK = FALLBACKS.indexOf('gate');

/** What one plan would have made of a customer's period. Money is nano-dollars. */
export interface PlanOutcome {
  readonly plan: string;
  readonly displayName: string;
  /** Price of the whole period. */
  readonly priceNanoUsd: number;
  /** Beyond the price: overage and bought credits, less what was given back. */
  readonly beyondNanoUsd: number;
  readonly requests: number;
  readonly refused: number;
  /** Days on which a limit refused something. */
  readonly refusedDays: number;
  /** Answered by another class than the asked one, since a limit was full. */
  readonly fellBack: number;
  readonly fellBackDays: number;
  /** Answered from the use on record, by another class or for what was refused then. */
  readonly estimated: number;
  /** What they would have used is known to nobody: counted as nothing. */
  readonly unknown: number;
}

/** A customer's own requests under every plan on offer. */
export interface PlanFit {
  readonly fromMs: number;
  /** Exclusive; for a running period, up to when requests were read. */
  readonly toMs: number;
  readonly isWhole: boolean;
  /** True: from a change of plan on; prices and what a plan gives for a period are of those days. */
  readonly isPart: boolean;
  readonly own: PlanOutcome;
  /** Replaying the plan in force: of so many decisions, so many came out as the books have them. */
  readonly compared: number;
  readonly reproduced: number;
  readonly others: readonly PlanOutcome[];
}

/** Where nothing can be said yet. */
export type NoPlanFit =
  /** Fewer than {@link DAYS_MIN} days of a period. */
  | { readonly why: 'too_early'; readonly fromMs: number }
  /** Fewer than so many since the plan was changed. */
  | { readonly why: 'changed_plan'; readonly fromMs: number }
  | { readonly why: 'no_requests' }
  | { readonly why: 'too_many'; readonly events: number };

export const DAYS_MIN = 7;

/** What a person should know first. */
export interface Verdict {
  readonly kind: 'right' | 'cheaper' | 'cheaper_with_limits' | 'roomier';
  /** The plan that it is about, unless the own one is right. */
  readonly plan: string | undefined;
}

const LIMITED_SHARE_MAX = 0.05;

/**
 * The sentence above the table. A cheaper plan that stops nothing more comes first, then one that
 * stops at most one request in twenty, then a dearer plan that would have stopped nothing where the own
 * one did. What is not known speaks for no plan: one that leaves demand unknown is not called cheaper.
 */
export function verdictOf({ own, others }: Pick<PlanFit, 'own' | 'others'>): Verdict {
  const total = ({ priceNanoUsd, beyondNanoUsd }: PlanOutcome): number =>
    priceNanoUsd + beyondNanoUsd;
  const limited = ({ refused, fellBack }: PlanOutcome): number => refused + fellBack;
  const known = others.filter(({ unknown }) => unknown <= own.unknown);
  const byTotal = known.toSorted((a, b) => total(a) - total(b));
  const cheaper = byTotal.filter((plan) => total(plan) < total(own));
  const better = cheaper.find(
    (plan) => plan.refused <= own.refused && plan.fellBack <= own.fellBack,
  );
  if (better) return { kind: 'cheaper', plan: better.plan };
  const bound = limited(own) + own.requests * LIMITED_SHARE_MAX;
  const tighter = cheaper.find((plan) => limited(plan) <= bound);
  if (tighter) return { kind: 'cheaper_with_limits', plan: tighter.plan };
  const roomier =
    own.refused > 0 ? byTotal.find((plan) => plan.refused < own.refused / 2) : undefined;
  return roomier ? { kind: 'roomier', plan: roomier.plan } : { kind: 'right', plan: undefined };
}

/**
 * A plan for what is left of a period: its price, and all that it gives or bounds for a whole one, by
 * time. Windows of hours, days and weeks are what they are.
 */
export function forRest(
  plan: PlanVersion,
  rest: { readonly restMs: number; readonly wholeMs: number },
): PlanVersion {
  if (rest.restMs >= rest.wholeMs) return plan;
  const of = (amount: number): NanoUsd => priceOfRest(nanoUsd(amount), rest);
  return {
    ...plan,
    priceNanoUsd: of(plan.priceNanoUsd),
    credits: { ...plan.credits, perPeriodNanoUsd: of(plan.credits.perPeriodNanoUsd) },
    gates: plan.gates.map((gate) =>
      gate.window.kind === 'cycle' ? { ...gate, limit: of(gate.limit) } : gate,
    ),
    overageCapNanoUsd: of(plan.overageCapNanoUsd),
    ...(plan.fareCapNanoUsd !== undefined && { fareCapNanoUsd: of(plan.fareCapNanoUsd) }),
  };
}

/** Replays a customer's tape on one plan. What was before `fromMs` fills windows and counts for nothing. */
export function outcomeOn(basis: LabBasis<Tape>, plan: PlanVersion, fromMs: number): PlanOutcome {
  const tape = onPlan(basis.tape, plan);
  const own = recordedSpec(basis, fromMs);
  const spec = { ...own, recorded: false, plans: [plan], changed: [plan.id] };
  const limited = { refused: new Set<number>(), fellBack: new Set<number>() };
  const matrix = sharedMatrix(1, METRIC_COUNT);
  const run = new ReplayRun(tape, spec, matrix, (event, verdict) =>
    limited[verdict].add(dayOf(tape, event)),
  );
  run.customer(0);
  const of = (metric: Parameters<typeof metricOf>[2]): number => metricOf(matrix, 0, metric);
  return {
    plan: plan.plan,
    displayName: plan.displayName,
    priceNanoUsd: plan.priceNanoUsd,
    beyondNanoUsd: Math.max(0, of('paidBought') + of('paidOverage') - of('refunded')),
    requests: of('requests'),
    refused: of('refused'),
    refusedDays: limited.refused.size,
    fellBack: of('fellBack'),
    fellBackDays: limited.fellBack.size,
    estimated: of('derived') + of('unseenServed') - of('unknownDemand'),
    unknown: of('unknownDemand'),
  };
}

/** The period as it was: from the books, not from a replay. */
export function ownOutcome(
  { tape }: LabBasis<Tape>,
  plan: PlanVersion,
  paid: {
    readonly fromMs: number;
    readonly priceNanoUsd: number;
    readonly refundedNanoUsd: number;
  },
): PlanOutcome {
  const { event } = tape.columns;
  const refusedDays = new Set<number>();
  const fellBackDays = new Set<number>();
  let [requests, beyond, refused, fellBack] = [0, 0, 0, 0];
  for (let i = 0; i < tape.events; i++) {
    if ((event.atMs[i] ?? 0) < paid.fromMs) continue;
    requests++;
    beyond += (event.paidBought[i] ?? 0) + (event.paidOverage[i] ?? 0);
    if (event.classServed[i] === NONE) {
      refused++;
      refusedDays.add(dayOf(tape, i));
    } else if (event.fallback[i] === FELL_BACK) {
      fellBack++;
      fellBackDays.add(dayOf(tape, i));
    }
  }
  return {
    plan: plan.plan,
    displayName: plan.displayName,
    priceNanoUsd: paid.priceNanoUsd,
    beyondNanoUsd: Math.max(0, beyond - paid.refundedNanoUsd),
    requests,
    refused,
    refusedDays: refusedDays.size,
    fellBack,
    fellBackDays: fellBackDays.size,
    estimated: 0,
    unknown: 0,
  };
}

/** How many of the booked decisions a replay of the plan in force gives again. */
export function reproducedBy(
  basis: LabBasis<Tape>,
  fromMs: number,
): {
  readonly compared: number;
  readonly reproduced: number;
} {
  const matrix = sharedMatrix(1, METRIC_COUNT);
  new ReplayRun(basis.tape, recordedSpec(basis, fromMs), matrix).customer(0);
  const compared = metricOf(matrix, 0, 'compared');
  return { compared, reproduced: compared - metricOf(matrix, 0, 'differingDecisions') };
}

function dayOf(tape: Tape, event: number): number {
  return Math.floor((tape.columns.event.atMs[event] ?? 0) / DAY_MS);
}
