import type { Metering } from './metering.ts';
import { addUsage, outputTokens, usageOf } from './usage.ts';

/**
 * The tokeniser is synchronous and costs 9 ms for 110 KB of prose but grows with the square of an
 * unbroken run (64 KB of one letter take 2 s). So text is cut into windows, at spaces where it has
 * any, and past the first windows the count is extrapolated.
 */
const WINDOW_CHARS = 1024;
const COUNTED_CHARS_MAX = 32 * 1024;

/** Loads lazily: the tables take 140 ms and 75 MB, and most processes never estimate. */
const ENCODINGS = {
  o200k: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k: () => import('gpt-tokenizer/encoding/cl100k_base'),
} as const;

/** What is added for vendors whose tokeniser is not public: they cut the same text finer. */
const MARGIN_PERCENT = { own: 0, other: 20, claude: 40 } as const;

/** What is known of a response that ended without usage. */
export interface DeliveredResponse {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
  /** The request as text: messages, instructions and tools. Images and files are not text: add theirs to `inputTokensBeside`. */
  readonly inputText: string;
  readonly inputTokensBeside?: number;
  /** The delivered text, or its beginning. */
  readonly outputText: string;
  /** Bytes of all delivered text, as they stand in the JSON, where `outputText` holds only its beginning. */
  readonly outputBytes?: number;
}

/**
 * Counts a response from its text: flagged as an estimate, in one part, with no cache hits (so the
 * cost errs upwards) and no hidden reasoning (which nobody saw).
 */
export async function estimateMetering(response: DeliveredResponse): Promise<Metering> {
  const { model, serviceTier, inputText } = response;
  const usage = usageOf({
    requests: 1,
    input: (await estimateTokens(inputText, model)) + (response.inputTokensBeside ?? 0),
    output: await outputTokensOf(response),
  });
  return { parts: [{ model, serviceTier, usage }], estimated: true };
}

/**
 * What a stream consumed that was cut before its end. Without usage it is estimated whole. Partial
 * usage understates the output (Anthropic opens with the input and an output of one): then the
 * supplier's counts stand, the output is raised to that of the delivered text, and all is flagged.
 */
export async function completeCutMetering(
  partial: Metering | undefined,
  response: DeliveredResponse,
): Promise<Metering> {
  const [first, ...rest] = partial?.parts ?? [];
  if (partial === undefined || first === undefined) return estimateMetering(response);
  const delivered = await outputTokensOf(response);
  const missing = Math.max(0, delivered - outputTokens(first.usage));
  const whole = { ...first, usage: addUsage(first.usage, usageOf({ output: missing })) };
  return { ...partial, parts: [whole, ...rest], estimated: true };
}

/** The delivered text in tokens, extrapolated from its beginning where only that was kept. */
async function outputTokensOf({
  model,
  outputText,
  outputBytes,
}: DeliveredResponse): Promise<number> {
  const tokens = await estimateTokens(outputText, model);
  const keptBytes = Buffer.byteLength(outputText);
  const allBytes = Math.max(outputBytes ?? 0, keptBytes);
  return keptBytes === 0 ? Math.ceil(allBytes / 4) : Math.ceil((tokens * allBytes) / keptBytes);
}

/** Tokens of a text for a model, with a margin where the model's tokeniser is not public. */
export async function estimateTokens(text: string, model: string | undefined): Promise<number> {
  if (text === '') return 0;
  const { encoding, margin } = tokenizerOf(model);
  const { countTokens } = await ENCODINGS[encoding]();
  const plain = { disallowedSpecial: new Set<string>() }; // text that spells a special token is text
  let counted = 0;
  let tokens = 0;
  while (counted < text.length && counted < COUNTED_CHARS_MAX) {
    const end = windowEnd(text, counted);
    tokens += countTokens(text.slice(counted, end), plain);
    counted = end;
  }
  const all = counted < text.length ? (tokens * text.length) / counted : tokens;
  return Math.ceil((all * (100 + MARGIN_PERCENT[margin])) / 100);
}

/** The last space in the window, so that words stay whole; the window's edge where it has none. */
function windowEnd(text: string, from: number): number {
  if (text.length - from <= WINDOW_CHARS) return text.length;
  const space = text.lastIndexOf(' ', from + WINDOW_CHARS);
  return space > from ? space : from + WINDOW_CHARS;
}

function tokenizerOf(model: string | undefined): {
  encoding: keyof typeof ENCODINGS;
  margin: keyof typeof MARGIN_PERCENT;
} {
  const name = (model ?? '').replace(/^.*\//, '').toLowerCase();
  if (/^(?:gpt-4(?:-|$)|gpt-3\.5|text-embedding-)/.test(name))
    return { encoding: 'cl100k', margin: 'own' };
  if (/^(?:gpt-|chatgpt-|o\d|codex)/.test(name)) return { encoding: 'o200k', margin: 'own' };
  return { encoding: 'o200k', margin: name.startsWith('claude') ? 'claude' : 'other' };
}
