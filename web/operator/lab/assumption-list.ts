import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';

export type Behaviour = Recommendation['behaviour'];

/** One thing that the lab assumes of people: what it means, and where its default is from. */
export interface Assumption {
  readonly name: Exclude<keyof Behaviour, 'reacts'>;
  readonly label: () => string;
  readonly meaning: () => string;
  readonly source: () => string;
  /** As `lab.schema.ts` bounds it. */
  readonly min: number;
  readonly max: number;
  /** Shown in per cent. */
  readonly isShare: boolean;
}

/** In the order in which they matter. What each means in full, and its sources: docs/lab.md. */
export const ASSUMPTIONS: readonly Assumption[] = [
  {
    name: 'priceElasticity',
    label: m.lab_as_elasticity,
    meaning: m.lab_as_elasticity_means,
    source: m.lab_as_ours,
    min: 0.01,
    max: 20,
    isShare: false,
  },
  {
    name: 'priceElasticityLow',
    label: m.lab_as_low,
    meaning: m.lab_as_low_means,
    source: m.lab_as_low_source,
    min: 0.01,
    max: 20,
    isShare: false,
  },
  {
    name: 'priceElasticityHigh',
    label: m.lab_as_high,
    meaning: m.lab_as_high_means,
    source: m.lab_as_high_source,
    min: 0.01,
    max: 20,
    isShare: false,
  },
  {
    name: 'usageValueCorrelation',
    label: m.lab_as_worth,
    meaning: m.lab_as_worth_means,
    source: m.lab_as_worth_source,
    min: -1,
    max: 1,
    isShare: false,
  },
  {
    name: 'refusedLoss',
    label: m.lab_as_refused,
    meaning: m.lab_as_refused_means,
    source: m.lab_as_ours,
    min: 0,
    max: 1,
    isShare: true,
  },
  {
    name: 'fallbackLoss',
    label: m.lab_as_fallback,
    meaning: m.lab_as_fallback_means,
    source: m.lab_as_ours,
    min: 0,
    max: 1,
    isShare: true,
  },
  {
    name: 'slowLoss',
    label: m.lab_as_slow,
    meaning: m.lab_as_slow_means,
    source: m.lab_as_ours,
    min: 0,
    max: 1,
    isShare: true,
  },
  {
    name: 'switchingCost',
    label: m.lab_as_switching,
    meaning: m.lab_as_switching_means,
    source: m.lab_as_ours,
    min: 0,
    max: 10,
    isShare: true,
  },
  {
    name: 'deferredShare',
    label: m.lab_as_deferred,
    meaning: m.lab_as_deferred_means,
    source: m.lab_as_ours,
    min: 0,
    max: 1,
    isShare: true,
  },
];

/** As people read it: shares in per cent. */
export const assumedText = ({ isShare }: Assumption, value: number): string =>
  isShare ? `${Math.round(value * 1000) / 10}%` : String(value);
