/**
 * What one model call consumed, as a vector of **disjoint** units: no token stands in two of them.
 * Every supplier shape is turned into this vector by one decoder; all prices apply to it.
 *
 * `input` is uncached text (and any input without a modality of its own); `output` is visible text;
 * `reasoning` is hidden thinking. Counts are non-negative integers.
 */
export const USAGE_UNITS = [
  'input',
  'input_cached',
  'cache_write_5m',
  'cache_write_1h',
  'output',
  'reasoning',
  'audio_in',
  'audio_in_cached',
  'audio_out',
  'image_in',
  'image_in_cached',
  'image_out',
  'images_made',
  'video_seconds',
  'web_searches',
  'tool_calls',
  'requests',
] as const;

export type UsageUnit = (typeof USAGE_UNITS)[number];
export type Usage = Readonly<Record<UsageUnit, number>>;

export const NO_USAGE: Usage = Object.freeze(
  Object.fromEntries(USAGE_UNITS.map((unit) => [unit, 0])) as Record<UsageUnit, number>,
);

/** A usage vector from the units that are not zero. */
export function usageOf(counts: Partial<Record<UsageUnit, number>>): Usage {
  return { ...NO_USAGE, ...counts };
}

/** The sum of two vectors. */
export function addUsage(a: Usage, b: Usage): Usage {
  const sum = { ...a } as Record<UsageUnit, number>;
  for (const unit of USAGE_UNITS) sum[unit] += b[unit];
  return sum;
}

/** All tokens that went into the model: what context tiers are chosen by. */
export function inputTokens(usage: Usage): number {
  return (
    usage.input +
    usage.input_cached +
    usage.cache_write_5m +
    usage.cache_write_1h +
    usage.audio_in +
    usage.audio_in_cached +
    usage.image_in +
    usage.image_in_cached
  );
}

/** All tokens that came out of the model. */
export function outputTokens(usage: Usage): number {
  return usage.output + usage.reasoning + usage.audio_out + usage.image_out;
}

/** Tokens in and out: the unit `tokens` of a gate. */
export function totalTokens(usage: Usage): number {
  return inputTokens(usage) + outputTokens(usage);
}
