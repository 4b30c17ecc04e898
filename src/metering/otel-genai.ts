import { Findings } from './findings.ts';
import { recordOf, textOf } from './json-value.ts';
import type { Metering } from './metering.ts';
import { firstCountOf, Remainder } from './token-count.ts';
import { usageOf } from './usage.ts';

/** Names by age, the newest first (opentelemetry.io, semantic conventions for generative AI). */
const NAMES = {
  provider: ['gen_ai.provider.name', 'gen_ai.system'],
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
  cacheRead: ['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_read_input_tokens'],
  cacheWrite: [
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
  ],
  reasoning: ['gen_ai.usage.reasoning.output_tokens', 'gen_ai.usage.reasoning_tokens'],
  tier: ['openai.response.service_tier', 'gen_ai.openai.response.service_tier'],
} as const;

/** A span of a model call, as an import reads it. */
export interface OtelCall {
  readonly provider: string | undefined;
  readonly responseId: string | undefined;
  readonly requestModel: string | undefined;
  readonly metering: Metering;
}

/**
 * Reads the OpenTelemetry GenAI attributes of one span. Cache reads and writes are **inside**
 * `gen_ai.usage.input_tokens`, whatever the provider's own convention; reasoning is inside the output.
 * @returns `undefined` where the span reports no token count.
 */
export function otelCall(attributes: unknown): OtelCall | undefined {
  const span = recordOf(attributes);
  const findings = new Findings();
  const count = (names: readonly string[]): number | undefined =>
    firstCountOf(span, names, findings, 'span');
  const inputTokens = count(NAMES.input);
  const outputTokens = count(NAMES.output);
  if (span === undefined || (inputTokens === undefined && outputTokens === undefined))
    return undefined;
  const input = new Remainder(inputTokens ?? 0, 'gen_ai.usage.input_tokens', findings);
  const output = new Remainder(outputTokens ?? 0, 'gen_ai.usage.output_tokens', findings);
  const cached = input.take(count(NAMES.cacheRead), 'cache_read');
  const written = input.take(count(NAMES.cacheWrite), 'cache_creation');
  const reasoning = output.take(count(NAMES.reasoning), 'reasoning');
  const text = (names: readonly string[]): string | undefined => {
    for (const name of names) if (textOf(span[name]) !== undefined) return textOf(span[name]);
    return undefined;
  };
  const requestModel = text(['gen_ai.request.model']);
  const unknown = findings.list();
  const usage = usageOf({
    requests: 1,
    input: input.left,
    input_cached: cached,
    cache_write_5m: written,
    output: output.left,
    reasoning,
  });
  const part = {
    model: text(['gen_ai.response.model']) ?? requestModel,
    serviceTier: text(NAMES.tier),
    usage,
  };
  return {
    provider: text(NAMES.provider),
    responseId: text(['gen_ai.response.id']),
    requestModel,
    metering: { parts: [part], estimated: false, ...(unknown && { unknown }) },
  };
}
