import { estimateMetering } from '#metering/estimate.ts';
import type { Metering } from '#metering/metering.ts';
import { outputTokens, type Usage } from '#metering/usage.ts';
import type { ModelRoute } from './model-directory.ts';
import type { ParsedRequest } from './parse-request.ts';
import type { Quote } from './quote-request.ts';

/** What is known of an answer whose supplier did not say what it consumed. */
export interface Delivered {
  readonly text: string;
  /** Bytes of all delivered text, of which `text` may be the beginning. */
  readonly bytes: number;
}

export const NOTHING_DELIVERED: Delivered = Object.freeze({ text: '', bytes: 0 });

const TEXT_NAMES = new Set([
  'content',
  'text',
  'reasoning_content',
  'reasoning',
  'refusal',
  'arguments',
  'thinking',
  'input',
  'instructions',
  'system',
  'description',
  'name',
  'partial_json',
]);
const DEPTH_MAX = 64;

/**
 * Counts a request and what was delivered of its answer; flagged as an estimate. The input is never
 * counted above the bound that was held for it.
 */
export async function estimateConsumption(from: {
  readonly request: ParsedRequest;
  readonly quote: Quote;
  readonly route: ModelRoute;
  readonly delivered: Delivered;
}): Promise<Metering> {
  const { request, quote, route, delivered } = from;
  const metering = await estimateMetering({
    model: route.model,
    serviceTier: request.facts.serviceTier === 'auto' ? undefined : request.facts.serviceTier,
    inputText: textOf(parsed(request.body)),
    outputText: delivered.text,
    outputBytes: delivered.bytes,
  });
  const parts = metering.parts.map((part) => ({
    ...part,
    usage: { ...part.usage, input: Math.min(part.usage.input, quote.inputTokensMax) },
  }));
  return { ...metering, parts };
}

/**
 * The usage of a stream that broke off: some report input at the start, and output only at the end.
 * The larger output of the two is taken, and the whole is an estimate.
 */
export function completedByEstimate(reported: Metering, estimate: Metering): Metering {
  const [first, ...others] = reported.parts;
  const guess = estimate.parts[0]?.usage;
  if (first === undefined || guess === undefined) return estimate;
  const missing = Math.max(0, outputTokens(guess) - outputTokens(first.usage));
  const usage: Usage = { ...first.usage, output: first.usage.output + missing };
  return { ...reported, parts: [{ ...first, usage }, ...others], estimated: true };
}

/** The text of an answer in one piece, for an answer without usage. */
export function deliveredIn(json: unknown): Delivered {
  const text = textOf(json);
  return { text, bytes: Buffer.byteLength(text) };
}

/** All text under the names by which both wire formats carry it; keys, ids and media are left out. */
function textOf(json: unknown): string {
  const texts: string[] = [];
  collect(json, false, 0, texts);
  return texts.join('\n');
}

function collect(value: unknown, isText: boolean, depth: number, texts: string[]): void {
  if (typeof value === 'string') {
    if (isText) texts.push(value);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(each, isText, depth + 1, texts);
    return;
  }
  for (const [name, each] of Object.entries(value))
    collect(each, TEXT_NAMES.has(name), depth + 1, texts);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
