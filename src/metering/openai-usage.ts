import { Findings } from './findings.ts';
import { recordOf, type JsonRecord } from './json-value.ts';
import { countOf, findUnknownCounts, firstCountOf, Remainder } from './token-count.ts';
import { usageOf, type Usage } from './usage.ts';

/** Where a vendor counts reasoning when its `total_tokens` does not say. */
type ReasoningPlace = 'inside' | 'outside';

export interface OpenAiUsageShape {
  readonly reasoning: ReasoningPlace;
  /**
   * `total_tokens` may leave out what the vendor bills (Perplexity): then it decides nothing.
   * Otherwise it says whether reasoning stands inside the completion.
   */
  readonly totalDecides: boolean;
  /** The total holds thoughts that nothing else names (Gemini's compatible endpoint). */
  readonly gapIsReasoning?: boolean;
  /** Audio in the prompt is in the total only, its details at most name it (Mistral). */
  readonly gapIsAudio?: boolean;
  /** Output without details is pixels, not text (the images endpoints). */
  readonly outputIsImage?: boolean;
}

export const OPENAI_SHAPE: OpenAiUsageShape = { reasoning: 'inside', totalDecides: true };

const INPUT = ['prompt_tokens', 'input_tokens'] as const;
const OUTPUT = ['completion_tokens', 'output_tokens'] as const;
const CACHED = ['cached_tokens', 'cache_read_tokens', 'cache_read_input_tokens'] as const;
const CACHED_TOP = [
  'prompt_cache_hit_tokens',
  'cached_tokens',
  'num_cached_tokens',
  'cache_read_input_tokens',
] as const;
const CACHE_WRITE = [
  'cache_write_tokens',
  'cache_creation_tokens',
  'cache_creation_input_tokens',
] as const;
const INPUT_DETAILS = [
  'prompt_tokens_details',
  'input_tokens_details',
  'input_token_details',
  'prompt_token_details',
] as const;
const CACHE_WRITE_TOP = ['cache_write_tokens', 'cache_creation_input_tokens'] as const;

/** Fields of the shape and of its compatible servers that are read here or bill nothing by themselves. */
const KNOWN = new Set<string>([
  ...INPUT,
  ...OUTPUT,
  ...CACHED_TOP,
  ...CACHE_WRITE_TOP,
  'total_tokens',
  'prompt_cache_miss_tokens',
  'reasoning_tokens',
  'citation_tokens',
  'num_search_queries',
  'num_sources_used',
  'num_server_side_tools_used',
  'connector_tokens',
  'prompt_audio_seconds',
  'request_count',
]);
/** Text is the rest; predictions are part of the completion; video and files are billed as input text. */
const KNOWN_DETAILS = new Set<string>([
  ...CACHED,
  ...CACHE_WRITE,
  'text_tokens',
  'audio_tokens',
  'image_tokens',
  'video_tokens',
  'file_tokens',
  'reasoning_tokens',
  'accepted_prediction_tokens',
  'rejected_prediction_tokens',
]);

/** The shape's totals, before they are split. */
interface OpenAiTotals {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly reasoning: number;
  readonly reasoningPlace: ReasoningPlace;
  /** Tokens of audio that the vendor's prompt left out; `input` holds them. */
  readonly audioBeside: number;
}

/**
 * Turns OpenAI's usage object (chat: `prompt_tokens`…; Responses and images: `input_tokens`…) and its
 * many imitations into the vector. Cached and cache-write tokens, audio and images are inside the
 * input; reasoning, audio, images, accepted and rejected predictions are inside the output
 * (openai-node `CompletionUsage`, `ResponseUsage`).
 * @returns `undefined` where the object holds no token count at all.
 */
export function openAiUsage(
  usage: JsonRecord,
  shape: OpenAiUsageShape,
  findings: Findings,
): Usage | undefined {
  const totals = openAiTotals(usage, shape, findings);
  if (totals.input === undefined && totals.output === undefined) return undefined;
  return usageOf({
    requests: 1,
    ...splitInput(usage, totals, findings),
    ...splitOutput(usage, totals, shape, findings),
  });
}

/** Reads and reconciles the totals; a missing one is what `total_tokens` leaves for it. */
function openAiTotals(
  usage: JsonRecord,
  shape: OpenAiUsageShape,
  findings: Findings,
): OpenAiTotals {
  findUnknownCounts(usage, KNOWN, findings);
  const total = countOf(usage, 'total_tokens', findings);
  const outputDetails = detailsOf(
    usage,
    'completion_tokens_details',
    'output_tokens_details',
    'output_token_details',
  );
  let reasoning =
    countOf(outputDetails, 'reasoning_tokens', findings) ??
    countOf(usage, 'reasoning_tokens', findings) ??
    0;
  let input = inputOf(usage, findings);
  let output = firstCountOf(usage, OUTPUT, findings);
  let audioBeside = 0;
  if (total !== undefined && shape.totalDecides) {
    if (input === undefined && output !== undefined) input = Math.max(0, total - output);
    else if (output === undefined && input !== undefined) output = Math.max(0, total - input);
    if (input !== undefined) input += cachedOutside(usage, { total, input, output, reasoning });
    const gap = Math.max(0, total - (input ?? 0) - (output ?? 0));
    if (shape.gapIsReasoning && reasoning === 0) reasoning = gap;
    if (shape.gapIsAudio) {
      audioBeside = gap;
      input = (input ?? 0) + gap;
    }
  }
  const counts = { input, output, reasoning, total };
  const reasoningPlace = placeOfReasoning(counts, shape, findings);
  return { input, output, reasoning, reasoningPlace, audioBeside };
}

/**
 * Some of xAI's models count cached tokens beside the prompt: where they exceed it and the total is
 * the sum of both, they are input on top of it. Silent about broken counts, which are told elsewhere.
 */
function cachedOutside(
  usage: JsonRecord,
  counts: {
    readonly total: number;
    readonly input: number;
    readonly output: number | undefined;
    readonly reasoning: number;
  },
): number {
  const { total, input, output = 0, reasoning } = counts;
  const cached = firstCountOf(detailsOf(usage, ...INPUT_DETAILS), CACHED, new Findings()) ?? 0;
  const rest = total - input - output;
  return cached > input && (rest === cached || rest === cached + reasoning) ? cached : 0;
}

/** The prompt; with it what connectors put in (Mistral), or what the cache's two counts say (DeepSeek). */
function inputOf(usage: JsonRecord, findings: Findings): number | undefined {
  const prompt = firstCountOf(usage, INPUT, findings);
  if (prompt !== undefined) return prompt + (countOf(usage, 'connector_tokens', findings) ?? 0);
  const hit = countOf(usage, 'prompt_cache_hit_tokens', findings);
  const miss = countOf(usage, 'prompt_cache_miss_tokens', findings);
  return hit === undefined || miss === undefined ? undefined : hit + miss;
}

/**
 * Reasoning is outside where prompt + completion + reasoning is the total, inside where prompt +
 * completion is; otherwise it is where the vendor is known to put it, except that it cannot be inside
 * a completion that is smaller.
 */
function placeOfReasoning(
  counts: {
    input: number | undefined;
    output: number | undefined;
    reasoning: number;
    total: number | undefined;
  },
  shape: OpenAiUsageShape,
  findings: Findings,
): ReasoningPlace {
  const { input = 0, output = 0, reasoning, total } = counts;
  if (!shape.totalDecides) return shape.reasoning;
  if (total !== undefined) {
    if (input + output === total) return 'inside';
    if (input + output + reasoning === total) return 'outside';
    findings.add(
      `usage.total_tokens ${total} is neither ${input} + ${output} nor that and reasoning ${reasoning}`,
    );
  }
  return reasoning > output ? 'outside' : shape.reasoning;
}

function detailsOf(usage: JsonRecord, ...names: readonly string[]): JsonRecord | undefined {
  for (const name of names) {
    const details = recordOf(usage[name]);
    if (details) return details;
  }
  return undefined;
}

/**
 * Splits the input. A cached token may be text, audio or image: where the vendor breaks the cached
 * count down we follow it, otherwise it is text as far as the text reaches. The same for writes.
 */
function splitInput(
  usage: JsonRecord,
  { input: total, audioBeside }: OpenAiTotals,
  findings: Findings,
): Partial<Usage> {
  const details = detailsOf(usage, ...INPUT_DETAILS);
  findUnknownCounts(details, KNOWN_DETAILS, findings, 'usage.input_details');
  const audioTokens = audioBeside || countOf(details, 'audio_tokens', findings);
  const imageTokens = countOf(details, 'image_tokens', findings);
  const cached = cachedOf(usage, details, total, findings);
  const written =
    firstCountOf(details, CACHE_WRITE, findings) ??
    firstCountOf(usage, CACHE_WRITE_TOP, findings) ??
    0;

  const text = new Remainder(total ?? cached + written, 'the input', findings);
  const audio = new Remainder(text.take(audioTokens, 'audio_tokens'), 'audio_tokens', findings);
  const image = new Remainder(text.take(imageTokens, 'image_tokens'), 'image_tokens', findings);

  // Inside the details (Realtime) or beside them and under longer names (images).
  const cachedDetails = detailsOf({ ...usage, ...details }, 'cached_tokens_details');
  let audioCached = audio.take(
    firstCountOf(cachedDetails, ['audio_tokens', 'cached_audio_tokens'], findings),
    'cached audio_tokens',
  );
  let imageCached = image.take(
    firstCountOf(cachedDetails, ['image_tokens', 'cached_image_tokens'], findings),
    'cached image_tokens',
  );
  let rest = Math.max(0, cached - audioCached - imageCached);
  const textCached = text.takeUpTo(rest);
  rest -= textCached;
  const audioSpill = audio.takeUpTo(rest);
  audioCached += audioSpill;
  imageCached += image.take(rest - audioSpill, 'cached_tokens');

  const write = text.takeUpTo(written);
  const audioWrite = audio.takeUpTo(written - write);
  const writes =
    write + audioWrite + image.take(written - write - audioWrite, 'cache_write_tokens');
  const longWrites = Math.min(writes, longLivedWrites(usage, details, findings));
  return {
    input: text.left,
    input_cached: textCached,
    cache_write_5m: writes - longWrites,
    cache_write_1h: longWrites,
    audio_in: audio.left,
    audio_in_cached: audioCached,
    image_in: image.left,
    image_in_cached: imageCached,
  };
}

/** DeepSeek writes the hit in two places, of which one may be absent, and its complement in a third. */
function cachedOf(
  usage: JsonRecord,
  details: JsonRecord | undefined,
  total: number | undefined,
  findings: Findings,
): number {
  const cached =
    firstCountOf(details, CACHED, findings) ?? firstCountOf(usage, CACHED_TOP, findings);
  if (cached !== undefined && cached > 0) return cached;
  const top = firstCountOf(usage, CACHED_TOP, findings);
  if (top !== undefined) return top;
  const miss = countOf(usage, 'prompt_cache_miss_tokens', findings);
  return cached ?? (miss !== undefined && total !== undefined ? Math.max(0, total - miss) : 0);
}

/** Writes of the longer retention (OpenAI 12 h, Alibaba's and LiteLLM's copy of Anthropic's 1 h). */
function longLivedWrites(
  usage: JsonRecord,
  details: JsonRecord | undefined,
  findings: Findings,
): number {
  const ttl = recordOf(details?.['cache_write_tokens_details']);
  const anthropic =
    recordOf(details?.['cache_creation']) ??
    recordOf(details?.['cache_creation_token_details']) ??
    recordOf(usage['cache_creation']);
  return (
    countOf(ttl, 'ttl_12h_tokens', findings) ??
    countOf(anthropic, 'ephemeral_1h_input_tokens', findings) ??
    0
  );
}

function splitOutput(
  usage: JsonRecord,
  totals: OpenAiTotals,
  shape: OpenAiUsageShape,
  findings: Findings,
): Partial<Usage> {
  const details = detailsOf(
    usage,
    'completion_tokens_details',
    'output_tokens_details',
    'output_token_details',
  );
  findUnknownCounts(details, KNOWN_DETAILS, findings, 'usage.output_details');
  const inside = totals.reasoningPlace === 'inside';
  const rest = new Remainder(
    totals.output ?? (inside ? totals.reasoning : 0),
    'the output',
    findings,
  );
  // DeepInfra estimates it from the text, now and then at more than the completion.
  const isGuess = details?.['reasoning_tokens_estimated'] === true;
  const within = (): number =>
    isGuess ? rest.takeUpTo(totals.reasoning) : rest.take(totals.reasoning, 'reasoning_tokens');
  const reasoning = inside ? within() : totals.reasoning;
  const audio = rest.take(countOf(details, 'audio_tokens', findings), 'output audio_tokens');
  const text = shape.outputIsImage ? (countOf(details, 'text_tokens', findings) ?? 0) : undefined;
  const imageTokens =
    text === undefined ? countOf(details, 'image_tokens', findings) : Math.max(0, rest.left - text);
  const image = rest.take(imageTokens, 'output image_tokens');
  return { output: rest.left, reasoning, audio_out: audio, image_out: image };
}
