/** How much subscribers use what they pay for. Each constant says where it comes from. */
export interface Calibration {
  /** Requests in a day of the median subscriber of each plan. */
  readonly requestsPerDayMedian: Readonly<Record<DemoPlan, number>>;
}

export const DEMO_PLANS = ['free', 'plus', 'pro', 'max', 'payg'] as const;
export type DemoPlan = (typeof DEMO_PLANS)[number];
export type DemoClass = 'fast' | 'standard' | 'reasoning';

/**
 * σ of the logarithm of a subscriber's volume. Published clients of production services have 2.15 to
 * 2.7 (ServeGen, language models); the lower end, since a subscriber is one person and a client there
 * is often a company. With it the top 1% make about a third of all requests, the top 10% about three
 * quarters, inside the published 16–52% and 49–80%.
 */
export const VOLUME_SIGMA = 2.15;

/** Nobody types or scripts more than this in a day; cuts a tail that the log-normal does not end. */
export const REQUESTS_PER_DAY_MAX = 2_000;

/** Of a hundred subscribers. Our assumption: most people pay nothing, one in a hundred pays most. */
export const PLAN_MIX: Readonly<Record<DemoPlan, number>> = {
  free: 60,
  plus: 30,
  pro: 7,
  max: 1,
  payg: 2,
};

/** What a subscriber of each plan asks for. Our assumption: dearer plans are bought for dearer models. */
export const CLASS_MIX: Readonly<Record<DemoPlan, Readonly<Record<DemoClass, number>>>> = {
  free: { fast: 60, standard: 40, reasoning: 0 },
  plus: { fast: 40, standard: 50, reasoning: 10 },
  pro: { fast: 15, standard: 50, reasoning: 35 },
  max: { fast: 10, standard: 45, reasoning: 45 },
  payg: { fast: 50, standard: 40, reasoning: 10 },
};

/**
 * The medians are ours; they are what the three calibrations differ in. "Typical" lets the median Pro
 * subscriber send forty requests a day: who pays $200 has work to do. The mean, which the tail sets,
 * is several times that.
 */
export const CALIBRATIONS: Readonly<Record<'light' | 'typical' | 'heavy', Calibration>> = {
  light: { requestsPerDayMedian: { free: 0.5, plus: 1.5, pro: 8, max: 15, payg: 1 } },
  typical: { requestsPerDayMedian: { free: 1, plus: 3, pro: 40, max: 50, payg: 2 } },
  heavy: { requestsPerDayMedian: { free: 2, plus: 6, pro: 100, max: 120, payg: 5 } },
};

/** Long chat, per request: Mooncake's published quantiles of input and output tokens. */
export const LONG_CHAT = {
  input: [
    [0, 900],
    [0.5, 6_909],
    [0.9, 27_367],
    [0.99, 85_401],
    [1, 126_195],
  ],
  output: [
    [0, 1],
    [0.5, 350],
    [0.9, 597],
    [0.99, 1_120],
    [1, 2_000],
  ],
} as const;

/** Short conversation, per request: Azure 2023's published quantiles. */
export const CONVERSATION = {
  input: [
    [0, 20],
    [0.5, 1_020],
    [0.9, 2_735],
    [0.99, 4_142],
    [1, 14_050],
  ],
  output: [
    [0, 8],
    [0.5, 129],
    [0.9, 424],
    [0.99, 601],
    [1, 1_000],
  ],
} as const;

/** Of long chat's input, what hits a prefix cache (Mooncake, measured). */
export const CACHED_SHARE = 0.37;

/** Hidden thinking per visible token of a reasoning model: median 4, our assumption, σ 0.8. */
export const REASONING = { perOutputMedian: 4, sigma: 0.8, tokensMax: 40_000 } as const;

/** Weight of each hour of the day: quiet nights, two humps. A smooth form of what production shows. */
export const HOURS: readonly number[] = [
  2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 9, 10, 11, 11, 10, 9, 8, 8, 9, 9, 7, 4,
];

/** Requests come in bursts: this many on average, minutes apart (inter-arrival CV well above 1). */
export const BURST = { sizeMean: 5, gapMsMean: 90_000 } as const;
