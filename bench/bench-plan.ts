import { idFromUuid } from '../src/base/id.ts';
import { parsePlanVersion } from '../src/plans/plan-schema.ts';
import type { PlanVersion } from '../src/plans/plan-version.ts';

/** What the benches differ in. */
interface BenchPlanTerms {
  readonly markupPerMille: number;
  readonly tokensAWeek: number;
  readonly overdraftNanoUsd: number;
}

/** The plan that replays are measured on: two windows, an allowance and credits. */
export function benchPlan({
  markupPerMille,
  tokensAWeek,
  overdraftNanoUsd,
}: BenchPlanTerms): PlanVersion {
  return parsePlanVersion({
    id: idFromUuid('planVersion', '019a0000-0000-7000-8000-000000000001'),
    plan: 'bench',
    version: 1,
    displayName: 'Bench',
    listed: true,
    priceNanoUsd: 20_000_000_000,
    period: 'month',
    seatsMax: 1,
    classes: [
      { name: 'standard', weightMilli: 1000 },
      { name: 'fast', weightMilli: 250 },
    ],
    billing: 'included',
    tariff: { kind: 'markup', perMille: markupPerMille },
    gates: [
      {
        id: 'messages-3h',
        unit: 'messages',
        window: { kind: 'rolling', seconds: 10_800 },
        scope: 'customer',
        classes: [],
        limit: 160_000,
        whenFull: { do: 'credits' },
      },
      {
        id: 'tokens-week',
        unit: 'tokens',
        window: { kind: 'calendar', unit: 'week' },
        scope: 'customer',
        classes: [],
        limit: tokensAWeek,
        whenFull: { do: 'refuse' },
      },
    ],
    credits: { perPeriodNanoUsd: 5_000_000_000, rollover: { kind: 'none' } },
    overageCapNanoUsd: 0,
    overdraftNanoUsd,
    queueClass: 'standard',
  });
}
