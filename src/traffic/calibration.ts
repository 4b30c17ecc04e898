/** What the demo's subscribers do. Each constant says where it comes from. */

export const DEMO_PLANS = ['free', 'plus', 'pro', 'max', 'payg'] as const;
export type DemoPlan = (typeof DEMO_PLANS)[number];
export type DemoClass = 'fast' | 'standard' | 'reasoning';

/**
 * Quantiles of a distribution: pairs of probability and value, both rising from 0 to 1, between which
 * the logarithm is interpolated.
 */
export type Quantiles = readonly (readonly [number, number])[];

/** Of a hundred subscribers. Our assumption: most pay nothing, one in a hundred pays most. */
export const PLAN_MIX: Readonly<Record<DemoPlan, number>> = {
  free: 60,
  plus: 30,
  pro: 8,
  max: 1,
  payg: 1,
};

/** What subscribers of each plan ask for. Our assumption: dearer plans are bought for dearer models. */
export const CLASS_MIX: Readonly<Record<DemoPlan, Readonly<Record<DemoClass, number>>>> = {
  free: { fast: 60, standard: 40, reasoning: 0 },
  plus: { fast: 40, standard: 50, reasoning: 10 },
  pro: { fast: 10, standard: 40, reasoning: 50 },
  max: { fast: 10, standard: 45, reasoning: 45 },
  payg: { fast: 50, standard: 40, reasoning: 10 },
};

/**
 * σ of the logarithm of a subscriber's volume. Clients of production services have 2.15 to 2.7
 * (ServeGen, language models). The lower end, since a subscriber is one person and a client there often
 * a company: the top 1% then make about 40% of all requests and the top 10% about 80%, where 16–52% and
 * 49–80% were published.
 */
export const VOLUME_SIGMA = 2.15;

/**
 * Requests a day by which a Pro subscriber reaches what a $200 plan driven to its caps is worth
 * elsewhere: $8,000–14,000 a month at API price (its lower end), over 30 days, at what the requests of
 * `CLASS_MIX.pro` cost in the starter price book. A test holds the product to $8,000.
 */
export const PRO_AT_CAPS_PER_DAY = 3_560;

/**
 * Bounds a tail that the log-normal does not: on the chat plans one request a minute for eight hours,
 * which is what a person can type; elsewhere one in 17 s, day and night, which is what agents send.
 */
export const REQUESTS_PER_DAY_MAX: Readonly<Record<DemoPlan, number>> = {
  free: 480,
  plus: 480,
  pro: 5_000,
  max: 5_000,
  payg: 5_000,
};

/**
 * The three calibrations differ in one number: the share of Pro subscribers who reach the caps.
 * Elsewhere it is known to be below 5%, and no more is known; so it is our assumption, from one in a
 * thousand to half of what is known. Everything else follows: the median from this quantile and
 * `VOLUME_SIGMA`, and the other plans from the median.
 */
export const CALIBRATIONS = {
  light: { proAtCapsShare: 0.001 },
  typical: { proAtCapsShare: 0.01 },
  heavy: { proAtCapsShare: 0.025 },
} as const satisfies Readonly<Record<string, { readonly proAtCapsShare: number }>>;

export type CalibrationName = keyof typeof CALIBRATIONS;

/**
 * The median subscriber's volume on each plan, in parts of the median Pro subscriber's. Free is set so
 * that its mean, in "typical", is the 3.7 messages a day that users of a large service send: 18 billion
 * a week by 700 million (Chatterji et al., "How People Use ChatGPT", NBER 34255, 2025). The others are
 * our assumption: whoever pays $20 sends three times that, a team on Max as much as two on Pro.
 */
export const VOLUME_OF_PLAN: Readonly<Record<DemoPlan, number>> = {
  free: 0.015,
  plus: 0.045,
  pro: 1,
  max: 2,
  payg: 0.045,
};

/** Long chat, per request: Mooncake's conversations. */
export const LONG_CHAT: Readonly<Record<'input' | 'output', Quantiles>> = {
  input: [
    [0, 880],
    [0.1, 964],
    [0.25, 2_306],
    [0.5, 6_909],
    [0.75, 15_368],
    [0.9, 27_367],
    [0.99, 85_401],
    [1, 126_195],
  ],
  output: [
    [0, 1],
    [0.1, 24],
    [0.25, 156],
    [0.5, 350],
    [0.75, 472],
    [0.9, 597],
    [0.99, 1_120],
    [1, 2_000],
  ],
};

/** Short conversation, per request: Azure 2023, conversations. */
export const CONVERSATION: Readonly<Record<'input' | 'output', Quantiles>> = {
  input: [
    [0, 20],
    [0.1, 207],
    [0.25, 396],
    [0.5, 1_020],
    [0.75, 1_189],
    [0.9, 2_735],
    [0.99, 4_142],
    [1, 14_050],
  ],
  output: [
    [0, 8],
    [0.1, 54],
    [0.25, 85],
    [0.5, 129],
    [0.75, 395],
    [0.9, 424],
    [0.99, 601],
    [1, 1_000],
  ],
};

/** Of long chat's input, what hits a prefix cache (Mooncake, measured). */
export const CACHED_SHARE = 0.37;

/**
 * Hidden thinking per visible token of a reasoning model. 70% of the output of a production reasoning
 * model is thinking (ServeGen, deepseek-r1): 2.3 tokens for each visible one on average. The spread is
 * our assumption.
 */
export const REASONING = { perOutputMedian: 1.7, sigma: 0.8, tokensMax: 40_000 } as const;

/**
 * Weight of each hour of the day, UTC: 3.7 times as much at the peak as at night. Production shows
 * 1.4 to 4.9 (ServeGen).
 */
export const HOURS: readonly number[] = [
  5, 4, 3, 3, 3, 3, 4, 6, 8, 9, 10, 11, 10, 10, 11, 11, 11, 10, 9, 9, 9, 9, 8, 7,
];

/**
 * Requests come in bursts of this mean size, so far apart on average. Between a client's requests the
 * variation coefficient is 2.2 to 12 in production (ServeGen); a Poisson process has 1.
 */
export const BURST = { sizeMean: 6, gapMsMean: 40_000 } as const;
