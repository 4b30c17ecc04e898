import { NANO_PER_USD, nanoUsd } from '#base/money.ts';
import { limitNotation } from '#offer/plan-notation.ts';
import type { PlanTerms } from '#offer/offer.ts';
import { planProblems } from '#plans/plan-schema.ts';
import type { Gate, WhenFull } from '#plans/plan-version.ts';
import { formatDollars } from './format.ts';

/** A changed plan to try, with what was changed, in words. */
export interface PlanCandidate {
  readonly terms: PlanTerms;
  /** Such as "past $450 of cost in a billing period, requests are served by fast". */
  readonly changes: readonly string[];
}

/** What the subscribers of the plan do: where limits are worth trying. */
export interface PlanUse {
  /** Cost of a billing period, one a subscriber. */
  readonly costs: readonly number[];
  /** Requests of each class in a week, one a subscriber. */
  readonly weekly: ReadonlyMap<string, readonly number[]>;
  /** Classes by the mean cost of a request, the dearest first. */
  readonly byCost: readonly string[];
}

export interface CandidateBounds {
  /** Nobody may pay more than this many times their bill. */
  readonly billMax: number;
}

const PRICE_STEPS = [1, 1.1, 1.25, 1.5, 2, 3] as const;
/** Limits as quantiles of what subscribers cost, from where it touches every other to one in forty. */
const LIMIT_QUANTILES = [0.5, 0.65, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975] as const;
const WEEKLY_QUANTILES = [0.75, 0.85, 0.9, 0.95] as const;
const GATE_ID = 'fair-use';
const WEEKLY_GATE_ID = 'weekly';
const GATES_MAX = 8;

/**
 * The changes to a plan that are worth trying: its price, a bound on what a subscriber may cost with
 * each thing that can happen past it, weekly windows on the dearest class, included credits, fare caps
 * and mark-ups. Unsound ones (an unknown class, too many gates) are left out. The first candidate is the
 * plan as it is.
 */
export function planCandidates(
  terms: PlanTerms,
  use: PlanUse,
  bounds: CandidateBounds,
): readonly PlanCandidate[] {
  const unchanged: PlanCandidate = { terms, changes: [] };
  const limits = [...costLimits(terms, use, bounds), ...weeklyLimits(terms, use)];
  const prices = PRICE_STEPS.filter((step) => step <= bounds.billMax).map((step) =>
    withPrice(terms, step),
  );
  const candidates: PlanCandidate[] = [unchanged];
  for (const priced of prices) {
    candidates.push(priced);
    for (const limit of limits) {
      candidates.push({
        terms: { ...limit.terms, priceNanoUsd: priced.terms.priceNanoUsd },
        changes: [...priced.changes, ...limit.changes],
      });
    }
  }
  if (terms.billing === 'metered') candidates.push(...meteredChanges(terms));
  return distinct(
    candidates.filter(
      ({ terms: each }) => planProblems({ ...each, id: 'new', version: 1 }).length === 0,
    ),
  );
}

/** How a changed price is said. */
export const priceWords = (priceNanoUsd: number): string =>
  `the price is ${formatDollars(priceNanoUsd)} a month`;

function withPrice(terms: PlanTerms, step: number): PlanCandidate {
  const dollars = Math.round((terms.priceNanoUsd * step) / NANO_PER_USD);
  const price = step === 1 ? terms.priceNanoUsd : nanoUsd(dollars * NANO_PER_USD);
  if (price === terms.priceNanoUsd) return { terms, changes: [] };
  return {
    terms: { ...terms, priceNanoUsd: price },
    changes: [priceWords(price)],
  };
}

function costLimits(terms: PlanTerms, use: PlanUse, { billMax }: CandidateBounds): PlanCandidate[] {
  const limits = [
    ...new Set(LIMIT_QUANTILES.map((q) => roundLimit(quantile(use.costs, q)))),
  ].filter((limit) => limit > 0);
  const cheapest = use.byCost.at(-1);
  const found: PlanCandidate[] = [];
  for (const limit of limits) {
    found.push(withGate(terms, limit, { do: 'refuse' }));
    for (const to of use.byCost.slice(1)) {
      const counted = use.byCost.slice(0, use.byCost.indexOf(to));
      found.push(withGate(terms, limit, { do: 'fallback', to }, counted));
      if (to !== cheapest) continue;
      // What falls back still costs; a second bound keeps it from running on.
      const bound = withGate(terms, limit, { do: 'fallback', to }, counted);
      found.push(
        withGate(
          bound.terms,
          roundLimit(limit * 1.5),
          { do: 'refuse' },
          [],
          `${GATE_ID}-most`,
          bound.changes,
        ),
      );
    }
    if (terms.billing === 'metered') continue;
    found.push(withGate(terms, limit, { do: 'slow' }));
    const overage = Math.floor((billMax - 1) * terms.priceNanoUsd);
    // Short of the bound: a bill may hold a period's whole overage and only a part of its price.
    for (const share of [0.25, 0.5, 0.9]) {
      const cap = nanoUsd(Math.floor((overage * share) / NANO_PER_USD) * NANO_PER_USD);
      if (cap <= 0) continue;
      const gated = withGate(terms, limit, { do: 'overage' });
      found.push({
        terms: { ...gated.terms, overageCapNanoUsd: cap },
        changes: [`${gated.changes[0] ?? ''}, up to ${formatDollars(cap)} a period`],
      });
    }
    const allowance = nanoUsd(Math.round(terms.priceNanoUsd / 4 / NANO_PER_USD) * NANO_PER_USD);
    if (allowance <= 0) continue;
    const credits = withGate(terms, limit, { do: 'credits' });
    found.push({
      terms: { ...credits.terms, credits: { ...terms.credits, perPeriodNanoUsd: allowance } },
      changes: [
        `${credits.changes[0] ?? ''}, of which ${formatDollars(allowance)} a period are included`,
      ],
    });
  }
  return found;
}

function weeklyLimits(terms: PlanTerms, use: PlanUse): PlanCandidate[] {
  const [dearest, next] = use.byCost;
  if (dearest === undefined || next === undefined) return [];
  const weekly = use.weekly.get(dearest) ?? [];
  const limits = new Set(WEEKLY_QUANTILES.map((q) => Math.max(1, Math.round(quantile(weekly, q)))));
  return [...limits].map((messages) => {
    const gate: Gate = {
      id: WEEKLY_GATE_ID,
      unit: 'messages',
      window: { kind: 'calendar', unit: 'week' },
      scope: 'customer',
      classes: [dearest],
      limit: messages * 1000,
      whenFull: { do: 'fallback', to: next },
    };
    return {
      terms: { ...terms, gates: placed(terms.gates, gate) },
      changes: [`past ${messages} ${dearest} messages in a week, ${next} answers`],
    };
  });
}

function meteredChanges(terms: PlanTerms): PlanCandidate[] {
  const found: PlanCandidate[] = [];
  const { tariff, fareCapNanoUsd } = terms;
  const perMilles =
    tariff.kind === 'markup'
      ? [0, 50, 100, 200, 300, 500].map((more) => tariff.perMille + more)
      : [];
  const caps = fareCapNanoUsd === undefined ? [] : [1, 1.25, 1.5, 2, 3, 5];
  for (const perMille of perMilles.length > 0 ? perMilles : [undefined]) {
    for (const step of caps.length > 0 ? caps : [undefined]) {
      const changes: string[] = [];
      let changed = terms;
      if (perMille !== undefined && tariff.kind === 'markup' && perMille !== tariff.perMille) {
        changed = { ...changed, tariff: { kind: 'markup', perMille } };
        changes.push(`usage is charged at cost + ${(perMille - 1000) / 10}%`);
      }
      if (step !== undefined && step !== 1 && fareCapNanoUsd !== undefined) {
        const cap = nanoUsd(Math.round(fareCapNanoUsd * step));
        changed = { ...changed, fareCapNanoUsd: cap };
        changes.push(`the fare cap is ${formatDollars(cap)} a period`);
      }
      found.push({ terms: changed, changes });
    }
  }
  return found;
}

function withGate(
  terms: PlanTerms,
  limit: number,
  whenFull: WhenFull,
  classes: readonly string[] = [],
  id = GATE_ID,
  before: readonly string[] = [],
): PlanCandidate {
  const gate: Gate = {
    id,
    unit: 'cost',
    window: { kind: 'cycle' },
    scope: 'customer',
    classes,
    limit,
    whenFull,
  };
  const what = limitNotation(gate);
  const then: Readonly<Record<WhenFull['do'], string>> = {
    refuse: 'requests are refused until the next one begins',
    fallback: `${whenFull.do === 'fallback' ? whenFull.to : ''} answers what ${classes.join(' and ')} would have`,
    slow: 'requests wait in the slow lane',
    credits: 'requests are paid from credits',
    overage: 'requests are charged by the tariff',
  };
  return {
    terms: { ...terms, gates: placed(terms.gates, gate) },
    changes: [...before, `past ${what} in a billing period, ${then[whenFull.do]}`],
  };
}

/** A gate of that id is replaced where it stands; a new one stands first, before wider bounds. */
function placed(gates: readonly Gate[], gate: Gate): readonly Gate[] {
  const at = gates.findIndex(({ id }) => id === gate.id);
  const next = at < 0 ? [gate, ...gates] : gates.with(at, gate);
  return next.length > GATES_MAX ? gates : next;
}

/** To a figure that a person would write into a plan. */
function roundLimit(nano: number): number {
  const dollars = nano / NANO_PER_USD;
  if (dollars < 0.1) return 0;
  const step =
    dollars < 1
      ? 0.05
      : dollars < 10
        ? 0.5
        : dollars < 50
          ? 1
          : dollars < 200
            ? 5
            : dollars < 1000
              ? 25
              : 100;
  return Math.round(Math.round(dollars / step) * step * 100) * (NANO_PER_USD / 100);
}

function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

function distinct(candidates: readonly PlanCandidate[]): readonly PlanCandidate[] {
  const seen = new Map<string, PlanCandidate>();
  for (const candidate of candidates) {
    const key = JSON.stringify(candidate.terms);
    if (!seen.has(key)) seen.set(key, candidate);
  }
  return [...seen.values()];
}
