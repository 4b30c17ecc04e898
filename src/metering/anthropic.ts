import { batchAnswer } from './batch-line.ts';
import { Findings } from './findings.ts';
import { laterUsage, listOf, recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { MeteredPart, Metering, UsageMeter } from './metering.ts';
import { supplierCostPicoUsd } from './supplier-cost.ts';
import { countOf, findUnknownCounts, Remainder } from './token-count.ts';
import { addUsage, NO_USAGE, usageOf, type Usage } from './usage.ts';

const KNOWN = new Set([
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
]);

interface Message {
  model: string | undefined;
  usage: JsonRecord | undefined;
}

/**
 * Anthropic's Messages API. Input, cache creation and cache read are disjoint; thinking is inside
 * the output. A stream opens with `message_start` (input and a first output count); the usage of
 * `message_delta` is cumulative and wins for every field that it carries (platform.claude.com,
 * "Streaming messages"; @anthropic-ai/sdk `MessageDeltaUsage`).
 */
export class AnthropicMeter implements UsageMeter {
  readonly #findings = new Findings();
  readonly #messages = new Map<string, Message>();
  #current: Message = { model: undefined, usage: undefined };

  body(json: unknown): void {
    const body = batchAnswer(json) ?? recordOf(json);
    if (body) this.#start(body);
  }

  event(_name: string | undefined, data: unknown): void {
    const event = recordOf(data);
    if (event === undefined) return;
    const message = recordOf(event['message']);
    if (message) this.#start(message);
    const usage = recordOf(event['usage']);
    if (usage)
      this.#current.usage = laterUsage(withoutStaleSplit(this.#current.usage, usage), usage);
    const delta = recordOf(event['delta']);
    this.#current.model = textOf(delta?.['model']) ?? this.#current.model;
    if (message === undefined && event['type'] === 'message') this.#start(event);
  }

  finish(): Metering | undefined {
    const messages = this.#messages.size > 0 ? [...this.#messages.values()] : [this.#current];
    const parts = messages.flatMap((message) => partsOf(message, this.#findings));
    if (parts.length === 0) return undefined;
    let cost: bigint | undefined; // OpenRouter speaks this wire too, and says what it charged
    for (const { usage } of messages) {
      const own = supplierCostPicoUsd(usage);
      if (own !== undefined) cost = (cost ?? 0n) + own;
    }
    const unknown = this.#findings.list();
    return {
      parts,
      estimated: false,
      ...(cost !== undefined && { supplierCostPicoUsd: cost }),
      ...(unknown && { unknown }),
    };
  }

  /** One stream normally holds one message; several are summed, each with its own last state. */
  #start(message: JsonRecord): void {
    const id = textOf(message['id']) ?? '';
    const known = this.#messages.get(id) ?? { model: undefined, usage: undefined };
    const usage = recordOf(message['usage']);
    known.model = textOf(message['model']) ?? known.model;
    known.usage = usage ? laterUsage(known.usage, usage) : known.usage;
    this.#messages.set(id, known);
    this.#current = known;
  }
}

/**
 * A `message_delta` that counts more cache writes than `message_start` leaves out their split. Of the
 * earlier one the hour's writes stand; what has come since is taken as written for five minutes, which
 * is a finding where the request writes for an hour.
 */
function withoutStaleSplit(
  earlier: JsonRecord | undefined,
  later: JsonRecord,
): JsonRecord | undefined {
  const split = recordOf(earlier?.['cache_creation']);
  const written = later['cache_creation_input_tokens'] ?? undefined;
  if (split === undefined || written === undefined || recordOf(later['cache_creation']))
    return earlier;
  return {
    ...earlier,
    cache_creation: { ephemeral_1h_input_tokens: split['ephemeral_1h_input_tokens'] },
  };
}

function partsOf({ model, usage }: Message, findings: Findings): readonly MeteredPart[] {
  if (usage === undefined) return [];
  const main = tokensOf(usage, findings);
  if (main === undefined) return [];
  findUnknownCounts(usage, KNOWN, findings);
  if (recordOf(recordOf(usage['fallback_credit'])?.['status'])?.['type'] === 'redeemed')
    findings.add('usage.fallback_credit is redeemed: the bill is less than these counts');
  const serviceTier = regionalTier(usage, findings);
  const iterations = listOf(usage['iterations']);
  const served = servedByFallback(iterations, findings);
  const first = {
    model: served?.model ?? model,
    serviceTier,
    usage: usageOf({ requests: 1, ...(served?.tokens ?? main), ...toolsOf(usage, findings) }),
  };
  return [first, ...iterationParts(first, iterations, findings)];
}

/**
 * What the model used that took over from one that declined. In a stream the message began under the
 * other model's name, and the top level may add both up.
 */
function servedByFallback(
  iterations: readonly unknown[],
  findings: Findings,
): { readonly model: string; readonly tokens: Partial<Usage> } | undefined {
  let served: { model: string; tokens: Usage } | undefined;
  for (const entry of iterations) {
    const iteration = recordOf(entry);
    const model = textOf(iteration?.['model']);
    if (iteration?.['type'] !== 'fallback_message' || model === undefined) continue;
    const tokens = tokensOf(iteration, findings);
    if (tokens === undefined) continue;
    const before = served?.model === model ? served.tokens : NO_USAGE;
    served = { model, tokens: addUsage(before, usageOf(tokens)) };
  }
  return served && { model: served.model, tokens: { ...served.tokens, requests: 1 } };
}

/** Fast mode is priced as a tier of its own and excludes the priority and batch tiers. */
function tierOf(usage: JsonRecord): string | undefined {
  return usage['speed'] === 'fast' ? 'fast' : textOf(usage['service_tier']);
}

/**
 * Inference kept in the United States costs a tenth more in newer models (platform.claude.com,
 * "Pricing", data residency), which is a tier of the price book. What it adds to other tiers is told.
 */
function regionalTier(usage: JsonRecord, findings: Findings): string | undefined {
  const tier = tierOf(usage);
  if (textOf(usage['inference_geo'])?.toLowerCase() !== 'us') return tier;
  if (tier === undefined || tier === 'standard') return 'inference-us';
  findings.add(`usage.inference_geo us on ${tier} is priced apart`);
  return tier;
}

function tokensOf(usage: JsonRecord, findings: Findings): Partial<Usage> | undefined {
  const input = countOf(usage, 'input_tokens', findings);
  const output = countOf(usage, 'output_tokens', findings);
  const cached = countOf(usage, 'cache_read_input_tokens', findings);
  const split = recordOf(usage['cache_creation']);
  const write5m = countOf(split, 'ephemeral_5m_input_tokens', findings);
  const write1h = countOf(split, 'ephemeral_1h_input_tokens', findings);
  const splitSum = (write5m ?? 0) + (write1h ?? 0);
  const written = countOf(usage, 'cache_creation_input_tokens', findings) ?? splitSum;
  if (input === undefined && output === undefined && cached === undefined && written === 0)
    return undefined;
  if (splitSum > 0 && splitSum !== written) {
    findings.add(`usage.cache_creation ${splitSum} is not cache_creation_input_tokens ${written}`);
  }
  const shortWrites = new Remainder(written, 'cache_creation_input_tokens', findings);
  const longWrites = shortWrites.take(write1h, 'ephemeral_1h_input_tokens');
  const text = new Remainder(output ?? 0, 'output_tokens', findings);
  const thinking = countOf(recordOf(usage['output_tokens_details']), 'thinking_tokens', findings);
  const reasoning = text.take(thinking, 'thinking_tokens');
  return {
    input: input ?? 0,
    input_cached: cached ?? 0,
    cache_write_5m: shortWrites.left,
    cache_write_1h: longWrites,
    output: text.left,
    reasoning,
  };
}

/** Searches are billed each; fetches and other server tools are counted as tool calls. */
function toolsOf(usage: JsonRecord, findings: Findings): Partial<Usage> {
  const tools = recordOf(usage['server_tool_use']);
  if (tools === undefined) return {};
  let toolCalls = 0;
  for (const field of Object.keys(tools).slice(0, 32)) {
    if (field !== 'web_search_requests') toolCalls += countOf(tools, field, findings) ?? 0;
  }
  return {
    web_searches: countOf(tools, 'web_search_requests', findings) ?? 0,
    tool_calls: toolCalls,
  };
}

/**
 * The top level covers the sampling iterations of the model that answered. It leaves out what other
 * models did (an adviser; a model that declined before a fallback took over) and every compaction
 * (@anthropic-ai/sdk `BetaUsage.iterations`; platform.claude.com, "Advisor tool", "Compaction").
 */
function iterationParts(
  first: MeteredPart,
  iterations: readonly unknown[],
  findings: Findings,
): readonly MeteredPart[] {
  const parts: MeteredPart[] = [];
  for (const entry of iterations) {
    const iteration = recordOf(entry);
    const tokens = iteration && tokensOf(iteration, findings);
    if (!iteration || !tokens) continue;
    const model = textOf(iteration['model']) ?? first.model;
    const type = iteration['type'];
    const isApart =
      type === 'compaction' ||
      type === 'advisor_message' ||
      (type === 'message' && isOther(model, first.model));
    if (isApart)
      parts.push({
        model,
        serviceTier: tierOf(iteration) ?? first.serviceTier,
        usage: usageOf(tokens),
      });
    else if (type !== 'message' && type !== 'fallback_message')
      findings.add(`usage.iterations type is not known: ${textOf(type)}`);
  }
  return parts;
}

function undated(model: string): string {
  return model.replace(/-(?:\d{8}|latest)$/, '');
}

/** An alias and its dated snapshot are one model; a name that another begins with is another's. */
function isOther(model: string | undefined, main: string | undefined): boolean {
  if (model === undefined || main === undefined) return false;
  return undated(model) !== undated(main);
}
