import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import { parsePlanVersion, planProblems } from '#plans/plan-schema.ts';
import {
  type ClassTerms,
  type Gate,
  GATE_SCOPES,
  GATE_UNITS,
  type GateWindow,
  type PlanVersion,
  type WhenFull,
} from '#plans/plan-version.ts';

const CLASS_NAMES = ['reasoning', 'standard', 'fast'];
const WEIGHTS = [250, 1000, 1000, 3000];
const SECONDS = [1, 60, 3600, 18_000];

/** A plan of one to six gates of every kind, tight enough that a few dozen requests fill them. */
export function randomPlan(random: Random, id: string): PlanVersion {
  for (;;) {
    const plan = draftPlan(random, id);
    if (planProblems(plan).length === 0) return parsePlanVersion(plan);
  }
}

function draftPlan(random: Random, id: string): PlanVersion {
  const classes: ClassTerms[] = CLASS_NAMES.slice(0, 1 + random.below(3)).map((name) => ({
    name,
    weightMilli: pick(random, WEIGHTS),
  }));
  const metered = random.next() < 0.3;
  const fareCap =
    metered && random.next() < 0.5 ? { fareCapNanoUsd: random.below(4000) as NanoUsd } : {};
  const gates = Array.from({ length: 1 + random.below(6) }, (_, index) =>
    randomGate(random, `gate-${index}`, classes, metered),
  );
  return {
    id: id as Id<'planVersion'>,
    plan: 'simulated',
    version: 1,
    displayName: 'Simulated',
    listed: false,
    priceNanoUsd: 0 as NanoUsd,
    period: 'month',
    seatsMax: 1,
    classes,
    billing: metered ? 'metered' : 'included',
    tariff: { kind: 'markup', perMille: 1000 },
    gates,
    credits: {
      perPeriodNanoUsd: random.below(3000) as NanoUsd,
      rollover:
        random.next() < 0.5
          ? { kind: 'none' }
          : { kind: 'upTo', maxNanoUsd: random.below(2000) as NanoUsd },
    },
    overageCapNanoUsd: (1 + random.below(2000)) as NanoUsd,
    ...fareCap,
    overdraftNanoUsd: (random.next() < 0.5 ? 0 : random.below(500)) as NanoUsd,
    queueClass: 'standard',
  };
}

function randomGate(
  random: Random,
  id: string,
  classes: readonly ClassTerms[],
  metered: boolean,
): Gate {
  const unit = pick(random, GATE_UNITS);
  const scope = pick(random, GATE_SCOPES);
  const names = classes.map((terms) => terms.name);
  const limit =
    unit === 'messages'
      ? 1000 * (1 + random.below(random.next() < 0.2 ? 400 : 8))
      : 100 + random.below(3000);
  return {
    id,
    unit,
    window: randomWindow(random, scope === 'everyone'),
    scope,
    classes: random.next() < 0.5 ? [] : names.slice(0, 1 + random.below(names.length)),
    limit,
    whenFull: randomAction(random, names, metered || unit === 'credits'),
  };
}

function randomWindow(random: Random, forEveryone: boolean): GateWindow {
  const unit = pick(random, ['day', 'week', 'month'] as const);
  // Slices of a rolling gate of everyone follow the leases of a whole installation: tested with those.
  if (forEveryone) return { kind: 'calendar', unit };
  const windows: readonly GateWindow[] = [
    { kind: 'rolling', seconds: pick(random, SECONDS) },
    { kind: 'rolling', seconds: pick(random, SECONDS) },
    { kind: 'session', seconds: pick(random, SECONDS) },
    { kind: 'calendar', unit },
    { kind: 'cycle' },
  ];
  return pick(random, windows);
}

function randomAction(random: Random, names: readonly string[], neverPays: boolean): WhenFull {
  const actions: WhenFull[] = [
    { do: 'refuse' },
    { do: 'slow' },
    { do: 'fallback', to: pick(random, names) },
    { do: 'fallback', to: names.at(-1) ?? '' },
  ];
  if (!neverPays)
    actions.push({ do: 'credits' }, { do: 'credits' }, { do: 'overage' }, { do: 'overage' });
  return pick(random, actions);
}

/** Another version of a plan: some limits, terms and gates differ, most gates keep their ids. */
export function changedPlan(random: Random, plan: PlanVersion, id: string): PlanVersion {
  const other = randomPlan(random, id);
  const draft: PlanVersion = {
    ...plan,
    id: id as Id<'planVersion'>,
    gates: plan.gates
      .filter(() => random.next() < 0.85)
      .map((gate) =>
        random.next() < 0.5
          ? gate
          : { ...gate, limit: 1 + Math.floor(gate.limit * 2 * random.next()) },
      ),
    credits: other.credits,
    overdraftNanoUsd: other.overdraftNanoUsd,
  };
  return planProblems(draft).length === 0 ? parsePlanVersion(draft) : other;
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const item = from[random.below(from.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
