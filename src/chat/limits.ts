import type { Standings } from '#admission/standings.store.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { RecentUse } from './recent-use.store.ts';

/** A gate as its customer sees it. */
export interface Meter {
  readonly gate: string;
  readonly unit: 'messages' | 'tokens' | 'usd' | 'share';
  /** In messages, tokens or nano-dollars; in thousandths of the limit where it counts our cost. */
  readonly used: number;
  readonly limit: number;
  readonly window: Gate['window'];
  /** Empty: all. */
  readonly classes: readonly string[];
  readonly whenFull: Gate['whenFull'];
  /** When it next opens by a little, or resets. */
  readonly resetAtMs: number;
  /** When it will be full if the last hour's pace goes on; absent where it will not be before it resets. */
  readonly fullAtMs: number | undefined;
}

/** A way on when a gate is full. */
export type Choice =
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** Another class of the plan that is open now. */
  | {
      readonly kind: 'class';
      readonly class: string;
      readonly model: string;
      /** Typical price of one answer; absent where the plan includes it. */
      readonly priceNanoUsd: number | undefined;
    }
  | {
      readonly kind: 'plan';
      readonly plan: string;
      readonly name: string;
      readonly priceNanoUsd: number;
    };

export interface Limits {
  readonly plan: { readonly name: string; readonly priceNanoUsd: number; readonly billing: string };
  readonly meters: readonly Meter[];
  readonly openClasses: readonly string[];
  readonly remainingNanoUsd: number;
  readonly periodEndMs: number;
  readonly choices: readonly Choice[];
}

export interface LimitsInput {
  readonly standings: Standings;
  readonly plan: PlanVersion;
  /** Plans that are offered, to move to. */
  readonly listed: readonly PlanVersion[];
  /** The first model of each class, by class. */
  readonly models: ReadonlyMap<string, string>;
  readonly recent: readonly RecentUse[];
  readonly nowMs: number;
}

const HOUR_MS = 3_600_000;

/** How everything stands, and what can be done at a limit. */
export function limitsOf(input: LimitsInput): Limits {
  const { standings, plan, recent, nowMs } = input;
  const meters = standings.gates.flatMap((standing): readonly Meter[] => {
    const [id, className] = standing.gateId.split('/');
    const gate = plan.gates.find((each) => each.id === id);
    if (!gate) return [];
    const classes = className === undefined ? gate.classes : [className];
    const { used, limit } = shown(gate, standing.used, standing.limit);
    return [
      {
        gate: standing.gateId,
        unit: unitOf(gate),
        used,
        limit,
        window: gate.window,
        classes,
        whenFull: gate.whenFull,
        resetAtMs: standing.resetAtMs,
        fullAtMs: fullAt(standing, pace(gate, classes, plan, recent), nowMs),
      },
    ];
  });
  return {
    plan: { name: plan.displayName, priceNanoUsd: plan.priceNanoUsd, billing: plan.billing },
    meters,
    openClasses: standings.openClasses,
    remainingNanoUsd: standings.remainingNanoUsd,
    periodEndMs: standings.periodEndMs,
    choices: choicesOf(input, meters),
  };
}

function unitOf({ unit }: Gate): Meter['unit'] {
  if (unit === 'messages' || unit === 'tokens') return unit;
  return unit === 'cost' ? 'share' : 'usd';
}

/** What an answer costs us is not the customer's to know: such gates are told in thousandths. */
function shown(gate: Gate, used: number, limit: number): { used: number; limit: number } {
  switch (gate.unit) {
    case 'messages':
      return { used: used / 1000, limit: limit / 1000 };
    case 'cost':
      return { used: limit === 0 ? 1000 : Math.round((used * 1000) / limit), limit: 1000 };
    default:
      return { used, limit };
  }
}

/** Per millisecond, in the gate's own unit, over the last hour. */
function pace(
  gate: Gate,
  classes: readonly string[],
  plan: PlanVersion,
  recent: readonly RecentUse[],
): number {
  let sum = 0;
  for (const use of recent) {
    if (classes.length > 0 && !classes.includes(use.class)) continue;
    const weight = plan.classes.find(({ name }) => name === use.class)?.weightMilli ?? 1000;
    if (gate.unit === 'messages') sum += use.requests * weight;
    else if (gate.unit === 'tokens') sum += use.tokens;
    else sum += gate.unit === 'cost' ? use.costNanoUsd : use.chargeNanoUsd;
  }
  return sum / HOUR_MS;
}

function fullAt(
  { used, limit, resetAtMs }: { used: number; limit: number; resetAtMs: number },
  perMs: number,
  nowMs: number,
): number | undefined {
  if (used >= limit) return nowMs;
  if (perMs <= 0) return undefined;
  const atMs = nowMs + (limit - used) / perMs;
  // A rolling window opens bit by bit; a calendar one all at once. Either may come first.
  return atMs < resetAtMs || atMs - nowMs < HOUR_MS ? Math.round(atMs) : undefined;
}

function choicesOf(
  { standings, plan, listed, models }: LimitsInput,
  meters: readonly Meter[],
): readonly Choice[] {
  const choices: Choice[] = [];
  const full = meters.filter(({ used, limit }) => used >= limit);
  const opens = full.map(({ resetAtMs }) => resetAtMs).toSorted((a, b) => a - b);
  if (opens[0] !== undefined) choices.push({ kind: 'wait', untilMs: opens[0] });
  for (const className of standings.openClasses) {
    const model = models.get(className);
    if (model === undefined) continue;
    choices.push({ kind: 'class', class: className, model, priceNanoUsd: undefined });
  }
  const dearer = listed
    .filter((each) => each.priceNanoUsd > plan.priceNanoUsd && each.plan !== plan.plan)
    .toSorted((a, b) => a.priceNanoUsd - b.priceNanoUsd);
  for (const each of dearer.slice(0, 2))
    choices.push({
      kind: 'plan',
      plan: each.plan,
      name: each.displayName,
      priceNanoUsd: each.priceNanoUsd,
    });
  return choices;
}
