import { type Random, seededRandom } from '#base/random.ts';
import { CALIBRATIONS, type CalibrationName, CLASS_MIX, type DemoClass } from './calibration.ts';
import { Chooser, chooserOf, fromQuantiles, normalQuantile, seedOf } from './draw.ts';
import {
  type ServegenClient,
  type ServegenData,
  type ServegenSizes,
  WINDOW_SECONDS,
} from './servegen-clients.ts';

/** A subscriber made of published clients: see {@link servegenSubscribers}. */
export interface ServegenSubscriber {
  readonly name: string;
  /** Expected dollars a month at the prices given. */
  readonly dollarsPerMonth: number;
  readonly requestsPerDay: number;
  readonly rhythm: ServegenClient;
  readonly sizes: Readonly<Record<DemoClass, Chooser<ServegenSizes>>>;
}

export interface ServegenRequest {
  readonly atMs: number;
  readonly className: DemoClass;
  readonly input: number;
  readonly output: number;
  /** Inside the output. */
  readonly reasoning: number;
}

export interface ServegenOptions {
  readonly subscribers: number;
  readonly days: number;
  readonly calibration: CalibrationName;
  readonly seed: number;
  /** Where the last day ends. */
  readonly endMs: number;
  /** Dollars a token of each class. */
  readonly prices: Readonly<Record<DemoClass, { readonly input: number; readonly output: number }>>;
}

/** What a plan of $200 that is driven to its caps is worth elsewhere, a month at API price. */
const AT_CAPS_DOLLARS = 8_000;
/** The upper end of what was published: past it the caps hold. */
const MOST_DOLLARS = 14_000;
const MONTH_DAYS = 30;
const DAY_MS = 86_400_000;
const PRICE_DRAWS = 100;
const CLASSES = ['fast', 'standard', 'reasoning'] as const;

/**
 * Subscribers by bootstrap from the clients, who are companies:
 *
 * 1. A subscriber's volume and rhythm are those of one client, drawn with replacement, each of them
 *    equally likely; volume in parts of the median client of its trace.
 * 2. Their requests ask for the classes that the demo's Pro subscribers ask for (`CLASS_MIX`), in the
 *    sizes of one client of each class, drawn likewise.
 * 3. One number turns a company's volume into a person's: what the median client's volume is worth a
 *    month. It is set so that, on a log-normal with the σ of the clients' own volumes, the calibration's
 *    share of subscribers reaches $8,000 a month, as in the demo. Nobody passes $14,000.
 */
export function servegenSubscribers(
  data: ServegenData,
  options: Omit<ServegenOptions, 'endMs' | 'days'>,
): readonly ServegenSubscriber[] {
  const random = seededRandom(seedOf(options.seed));
  const { proAtCapsShare } = CALIBRATIONS[options.calibration];
  const sigma = sigmaOf(data.clients);
  const medianDollars = AT_CAPS_DOLLARS / Math.exp(sigma * normalQuantile(1 - proAtCapsShare));
  return Array.from({ length: options.subscribers }, (_, index) => {
    const rhythm = pick(random, data.clients);
    const sizes = {
      fast: chooserOfSizes(random, data.sizes.fast),
      standard: chooserOfSizes(random, data.sizes.standard),
      reasoning: chooserOfSizes(random, data.sizes.reasoning),
    };
    const dollarsPerMonth = Math.min(MOST_DOLLARS, medianDollars * rhythm.level);
    const perRequest = dollarsPerRequest(
      sizes,
      options.prices,
      seededRandom(seedOf(options.seed, index, 1)),
    );
    return {
      name: `subscriber-${String(index + 1).padStart(5, '0')}`,
      dollarsPerMonth,
      requestsPerDay: dollarsPerMonth / MONTH_DAYS / perRequest,
      rhythm,
      sizes,
    };
  });
}

/** σ of the logarithm of the clients' volumes. */
export function sigmaOf(clients: readonly Pick<ServegenClient, 'level'>[]): number {
  const logs = clients.map(({ level }) => Math.log(level));
  const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
  return Math.sqrt(logs.reduce((sum, each) => sum + (each - mean) ** 2, 0) / logs.length);
}

/**
 * What a subscriber sends, in the order of time. The trace repeats where the days are more than it
 * has; in a window of ten minutes the requests are a Poisson number, anywhere in it.
 */
export function* servegenRequests(
  subscriber: ServegenSubscriber,
  index: number,
  { days, seed, endMs }: Pick<ServegenOptions, 'days' | 'seed' | 'endMs'>,
): Generator<ServegenRequest> {
  const random = seededRandom(seedOf(seed, index, 2));
  const { rhythm, requestsPerDay, sizes } = subscriber;
  const perTrace = (requestsPerDay * rhythm.windowCount * WINDOW_SECONDS * 1000) / DAY_MS;
  const startMs = endMs - days * DAY_MS;
  const classes = chooserOf(CLASS_MIX.pro);
  const traceMs = rhythm.windowCount * WINDOW_SECONDS * 1000;
  for (let fromMs = startMs; fromMs < endMs; fromMs += traceMs) {
    for (const [window, share] of rhythm.windows) {
      const windowMs = fromMs + window * WINDOW_SECONDS * 1000;
      if (windowMs >= endMs) break;
      const count = poisson(random, perTrace * share);
      const instants = Array.from({ length: count }, () => random.below(WINDOW_SECONDS * 1000));
      for (const ofWindowMs of instants.sort((a, b) => a - b)) {
        const className = classes.choose(random);
        yield { atMs: windowMs + ofWindowMs, className, ...requestOf(sizes[className], random) };
      }
    }
  }
}

function requestOf(
  sizes: Chooser<ServegenSizes>,
  random: Random,
): Omit<ServegenRequest, 'atMs' | 'className'> {
  const { input, output, reasonShare } = sizes.choose(random);
  const tokensOut = Math.max(1, fromQuantiles(random, output));
  return {
    input: Math.max(1, fromQuantiles(random, input)),
    output: tokensOut,
    reasoning:
      reasonShare === undefined ? 0 : Math.round(tokensOut * thinkingOf(random, reasonShare)),
  };
}

/** A share, which whole numbers would lose. */
function thinkingOf(random: Random, quantiles: NonNullable<ServegenSizes['reasonShare']>): number {
  const parts = quantiles.map(([p, value]) => [p, value * PER_MILLION] as const);
  return Math.min(1, fromQuantiles(random, parts) / PER_MILLION);
}
const PER_MILLION = 1e6;

/** The mean over the mix of classes, by drawing. */
function dollarsPerRequest(
  sizes: ServegenSubscriber['sizes'],
  prices: ServegenOptions['prices'],
  random: Random,
): number {
  const weights = CLASSES.reduce((sum, each) => sum + CLASS_MIX.pro[each], 0);
  return CLASSES.reduce((total, className) => {
    let sum = 0;
    for (let i = 0; i < PRICE_DRAWS; i++) {
      const { input, output } = requestOf(sizes[className], random);
      sum += input * prices[className].input + output * prices[className].output;
    }
    return total + ((sum / PRICE_DRAWS) * CLASS_MIX.pro[className]) / weights;
  }, 0);
}

function chooserOfSizes(
  random: Random,
  clients: readonly (readonly ServegenSizes[])[],
): Chooser<ServegenSizes> {
  return new Chooser(pick(random, clients).map((each) => [each, each.weight]));
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random.below(values.length)] as Value;
}

/** A draw from a Poisson distribution; large means by the normal one. */
function poisson(random: Random, mean: number): number {
  if (mean > 50)
    return Math.max(
      0,
      Math.round(mean + Math.sqrt(mean) * normalQuantile(Math.max(random.next(), 1e-12))),
    );
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count++;
  return count;
}
