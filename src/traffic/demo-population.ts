import type { Random } from '#base/random.ts';
import { seededRandom } from '#base/random.ts';
import {
  BURST,
  CACHED_SHARE,
  type Calibration,
  CALIBRATIONS,
  CLASS_MIX,
  CONVERSATION,
  type DemoClass,
  type DemoPlan,
  HOURS,
  LONG_CHAT,
  PLAN_MIX,
  REASONING,
  REQUESTS_PER_DAY_MAX,
  VOLUME_SIGMA,
} from './calibration.ts';
import { fromQuantiles, logNormal, pick } from './draw.ts';

/** A subscriber of the demo, before anything is used. */
export interface DemoSubscriber {
  readonly index: number;
  readonly plan: DemoPlan;
  /** Expected requests a day; drawn from the heavy tail, never averaged. */
  readonly requestsPerDay: number;
}

/** One request of a subscriber. Token counts are disjoint but for `cached`, which is inside `input`. */
export interface DemoEvent {
  readonly atMs: number;
  readonly className: DemoClass;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export interface DemoOptions {
  readonly subscribers: number;
  readonly days: number;
  readonly calibration: keyof typeof CALIBRATIONS;
  readonly seed: number;
  /** The demo's last instant. */
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const HOURS_TOTAL = HOURS.reduce((sum, weight) => sum + weight, 0);

/** Who subscribes: the same for the same seed. */
export function demoSubscribers(options: DemoOptions): readonly DemoSubscriber[] {
  const random = seededRandom(options.seed);
  const { requestsPerDayMedian }: Calibration = CALIBRATIONS[options.calibration];
  return Array.from({ length: options.subscribers }, (_, index) => {
    const plan = pick(random, PLAN_MIX);
    const drawn = logNormal(random, requestsPerDayMedian[plan], VOLUME_SIGMA);
    return { index, plan, requestsPerDay: Math.min(drawn, REQUESTS_PER_DAY_MAX) };
  });
}

/** What a subscriber sends on one day of the demo (0 = the first), in order of time. */
export function demoDay(
  subscriber: DemoSubscriber,
  day: number,
  options: DemoOptions,
): readonly DemoEvent[] {
  // A generator of its own for each subscriber and day: any part of the demo can be made alone.
  const random = seededRandom(options.seed * 2 ** 20 + subscriber.index * 512 + day + 1);
  const startMs = options.endMs - (options.days - day) * DAY_MS;
  const count = Math.min(poissonish(random, subscriber.requestsPerDay), REQUESTS_PER_DAY_MAX);
  const events: DemoEvent[] = [];
  let atMs = 0;
  let leftInBurst = 0;
  for (let i = 0; i < count; i++) {
    if (leftInBurst <= 0) {
      atMs = startMs + hourOfDay(random) * HOUR_MS + random.below(HOUR_MS);
      leftInBurst = 1 + Math.floor(-Math.log(1 - random.next()) * BURST.sizeMean);
    } else {
      atMs += Math.floor(-Math.log(1 - random.next()) * BURST.gapMsMean);
    }
    leftInBurst--;
    events.push(demoEvent(subscriber.plan, Math.min(atMs, startMs + DAY_MS - 1), random));
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

function demoEvent(plan: DemoPlan, atMs: number, random: Random): DemoEvent {
  const className = pick(random, CLASS_MIX[plan]);
  // Paid plans carry long chats; free ones and fast answers are short conversations.
  const shape = plan === 'free' || className === 'fast' ? CONVERSATION : LONG_CHAT;
  const inputTokens = fromQuantiles(random, shape.input);
  const outputTokens = fromQuantiles(random, shape.output);
  const cachedTokens =
    shape === LONG_CHAT
      ? Math.floor(inputTokens * Math.min(1, random.next() * 2 * CACHED_SHARE))
      : 0;
  const reasoningTokens =
    className === 'reasoning'
      ? Math.min(
          REASONING.tokensMax,
          Math.round(outputTokens * logNormal(random, REASONING.perOutputMedian, REASONING.sigma)),
        )
      : 0;
  return { atMs, className, inputTokens, cachedTokens, outputTokens, reasoningTokens };
}

function hourOfDay(random: Random): number {
  let left = random.next() * HOURS_TOTAL;
  return Math.max(
    0,
    HOURS.findIndex((weight) => (left -= weight) < 0),
  );
}

/** A whole number with the given mean: days differ, but the subscriber's level stays. */
function poissonish(random: Random, mean: number): number {
  const level = mean * -Math.log(1 - random.next());
  const whole = Math.floor(level);
  return whole + (random.next() < level - whole ? 1 : 0);
}
