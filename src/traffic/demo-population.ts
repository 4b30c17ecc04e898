import { type Random, seededRandom, shuffle } from '#base/random.ts';
import {
  BURST,
  CACHED_SHARE,
  CALIBRATIONS,
  type CalibrationName,
  CLASS_MIX,
  CONVERSATION,
  type DemoClass,
  DEMO_PLANS,
  type DemoPlan,
  HOURS,
  LONG_CHAT,
  PLAN_MIX,
  PRO_AT_CAPS_PER_DAY,
  REASONING,
  REQUESTS_PER_DAY_MAX,
  VOLUME_OF_PLAN,
  VOLUME_SIGMA,
} from './calibration.ts';
import {
  apportion,
  Chooser,
  chooserOf,
  exponential,
  fromQuantiles,
  logNormal,
  logNormals,
  normalQuantile,
  seedOf,
} from './draw.ts';

/** A subscriber of the demo, before anything is used. */
export interface DemoSubscriber {
  readonly index: number;
  readonly plan: DemoPlan;
  /** Expected requests a day; drawn from the heavy tail, never averaged. */
  readonly requestsPerDay: number;
}

/** One request of a subscriber. */
export interface DemoEvent {
  readonly atMs: number;
  readonly className: DemoClass;
  /** `cachedTokens` included. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  /** Visible ones. */
  readonly outputTokens: number;
  /** Beside the visible ones. */
  readonly reasoningTokens: number;
  /** Which of the subscriber's seats sends it, as a share in [0, 1). */
  readonly seat: number;
}

export interface DemoOptions {
  readonly subscribers: number;
  readonly days: number;
  readonly calibration: CalibrationName;
  readonly seed: number;
  /** Where the demo's last day ends. */
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const hours = new Chooser(HOURS.map((weight, hour) => [hour, weight]));
const classes = Object.fromEntries(
  DEMO_PLANS.map((plan) => [plan, chooserOf(CLASS_MIX[plan])]),
) as Readonly<Record<DemoPlan, Chooser<DemoClass>>>;

/** Requests a day of the median subscriber of a plan. */
export function requestsPerDayMedian(plan: DemoPlan, calibration: CalibrationName): number {
  const { proAtCapsShare } = CALIBRATIONS[calibration];
  const atCaps = Math.exp(VOLUME_SIGMA * normalQuantile(1 - proAtCapsShare));
  return (VOLUME_OF_PLAN[plan] * PRO_AT_CAPS_PER_DAY) / atCaps;
}

/**
 * Who subscribes: the plans in their mix, and on each plan volumes from every slice of the tail, so
 * that a small demo has its heavy users too. The same for the same seed.
 */
export function demoSubscribers(
  options: Pick<DemoOptions, 'subscribers' | 'calibration' | 'seed'>,
): readonly DemoSubscriber[] {
  const random = seededRandom(seedOf(options.seed));
  const drawn: Omit<DemoSubscriber, 'index'>[] = [];
  for (const [plan, count] of apportion(options.subscribers, PLAN_MIX)) {
    const median = requestsPerDayMedian(plan, options.calibration);
    for (const volume of logNormals(random, count, { median, sigma: VOLUME_SIGMA })) {
      drawn.push({ plan, requestsPerDay: Math.min(volume, REQUESTS_PER_DAY_MAX[plan]) });
    }
  }
  shuffle(drawn, random);
  return drawn.map((subscriber, index) => ({ ...subscriber, index }));
}

/**
 * What a subscriber sends on one day of the demo (0 = the first), in order of time. Any day of any
 * subscriber can be made alone.
 */
export function demoDay(
  { index, plan, requestsPerDay }: DemoSubscriber,
  day: number,
  options: Pick<DemoOptions, 'days' | 'seed' | 'endMs'>,
): readonly DemoEvent[] {
  const random = seededRandom(seedOf(options.seed, index, day));
  const startMs = options.endMs - (options.days - day) * DAY_MS;
  const instants = instantsOfDay(requestsOn(random, requestsPerDay), random);
  return instants.map((ofDayMs) => demoEvent(plan, startMs + ofDayMs, random));
}

/** How many requests a day has: days differ widely, but the subscriber's level stays. */
function requestsOn(random: Random, mean: number): number {
  const level = exponential(random, mean);
  const whole = Math.floor(level);
  return whole + (random.next() < level - whole ? 1 : 0);
}

function instantsOfDay(count: number, random: Random): readonly number[] {
  const instants: number[] = [];
  let atMs = 0;
  let leftInBurst = 0;
  for (let i = 0; i < count; i++) {
    if (leftInBurst <= 0) {
      atMs = hours.choose(random) * HOUR_MS + random.below(HOUR_MS);
      leftInBurst = 1 + Math.floor(exponential(random, BURST.sizeMean - 0.5));
    } else {
      atMs += Math.floor(exponential(random, BURST.gapMsMean));
    }
    leftInBurst--;
    // What a burst sends past midnight is sent before it begins.
    instants.push(atMs % DAY_MS);
  }
  return instants.sort((a, b) => a - b);
}

function demoEvent(plan: DemoPlan, atMs: number, random: Random): DemoEvent {
  const className = classes[plan].choose(random);
  // Paid plans carry long chats; free ones and fast answers are short conversations.
  const isLong = plan !== 'free' && className !== 'fast';
  const { input, output } = isLong ? LONG_CHAT : CONVERSATION;
  const inputTokens = fromQuantiles(random, input);
  const outputTokens = fromQuantiles(random, output);
  const cachedShare = isLong ? random.next() * 2 * CACHED_SHARE : 0;
  const reasoningTokens =
    className === 'reasoning'
      ? Math.round(outputTokens * logNormal(random, REASONING.perOutputMedian, REASONING.sigma))
      : 0;
  return {
    atMs,
    className,
    inputTokens,
    cachedTokens: Math.floor(inputTokens * cachedShare),
    outputTokens,
    reasoningTokens: Math.min(reasoningTokens, REASONING.tokensMax),
    seat: random.next(),
  };
}
