import { batchAnswer } from './batch-line.ts';
import { Findings } from './findings.ts';
import { laterUsage, listOf, recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import type { MeteredPart, Metering, UsageMeter } from './metering.ts';
import { OPENAI_SHAPE, openAiUsage } from './openai-usage.ts';
import { supplierCostPicoUsd } from './supplier-cost.ts';
import { countOf } from './token-count.ts';
import { addUsage, NO_USAGE, usageOf, type Usage } from './usage.ts';

interface ResponseState {
  model: string | undefined;
  serviceTier: string | undefined;
  usage: JsonRecord | undefined;
  toolUsage: JsonRecord | undefined;
  /** The tools of the request, which the response repeats. */
  tools: readonly JsonRecord[];
  /** Output items by id; the list of the terminal event replaces what the stream announced. */
  items: Map<string, JsonRecord>;
}

/**
 * OpenAI's Responses API. A stream may hold several responses: they are summed over their ids, and of
 * each id the last state wins (`response.completed`, `.incomplete` and `.failed` carry usage).
 * Cached and cache-write tokens are inside the input, reasoning inside the output.
 */
export class OpenAiResponsesMeter implements UsageMeter {
  protected readonly findings = new Findings();
  readonly #responses = new Map<string, ResponseState>();
  #current: ResponseState | undefined;

  body(json: unknown): void {
    const body = batchAnswer(json) ?? recordOf(json);
    if (body) this.#state(body);
  }

  event(_name: string | undefined, data: unknown): void {
    const event = recordOf(data);
    if (event === undefined) return;
    const response = recordOf(event['response']);
    if (response) this.#state(response);
    else if (event['object'] === 'response') this.#state(event);
    const item = recordOf(event['item']);
    if (item && event['type'] === 'response.output_item.done') this.#keepItem(item);
  }

  finish(): Metering | undefined {
    const parts: MeteredPart[] = [];
    let cost: bigint | undefined;
    for (const state of this.#responses.values()) {
      parts.push(...this.#partsOf(state));
      const own = supplierCostPicoUsd(state.usage);
      if (own !== undefined) cost = (cost ?? 0n) + own;
    }
    if (parts.length === 0) return undefined;
    const unknown = this.findings.list();
    return {
      parts,
      estimated: false,
      ...(cost !== undefined && { supplierCostPicoUsd: cost }),
      ...(unknown && { unknown }),
    };
  }

  /** Calls of hosted tools that are billed each, from the items unless the usage counts them itself. */
  protected toolUnits(usage: JsonRecord, items: Iterable<JsonRecord>): Partial<Usage> {
    const invocations = recordOf(usage['tool_calls_details']);
    if (invocations) return invocationUnits(invocations, this.findings);
    const billedEach: JsonRecord[] = [];
    for (const item of items) {
      if (!inContainer(item)) billedEach.push(item);
      else this.findings.add(`${String(item['type'])}: containers are billed by time, not by call`);
    }
    return itemUnits(billedEach);
  }

  #state(response: JsonRecord): void {
    const id = textOf(response['id']) ?? '';
    const state = this.#responses.get(id) ?? {
      model: undefined,
      serviceTier: undefined,
      usage: undefined,
      toolUsage: undefined,
      tools: [],
      items: new Map<string, JsonRecord>(),
    };
    this.#responses.set(id, state);
    this.#current = state;
    state.model = textOf(response['model']) ?? state.model;
    state.serviceTier = textOf(response['service_tier']) ?? state.serviceTier;
    const usage = recordOf(response['usage']);
    if (usage) state.usage = laterUsage(state.usage, usage);
    state.toolUsage = recordOf(response['tool_usage']) ?? state.toolUsage;
    const tools = recordsOf(response['tools']);
    if (tools.length > 0) state.tools = tools;
    const output = listOf(response['output']);
    if (output.length === 0) return;
    state.items.clear();
    for (const item of output) this.#keepItem(recordOf(item));
  }

  #keepItem(item: JsonRecord | undefined): void {
    const items = this.#current?.items;
    if (item && items && isHostedCall(item))
      items.set(textOf(item['id']) ?? `#${items.size}`, item);
  }

  #partsOf(state: ResponseState): readonly MeteredPart[] {
    if (state.usage === undefined) return [];
    const usage = openAiUsage(state.usage, OPENAI_SHAPE, this.findings);
    if (usage === undefined) return [];
    const image = this.#imagePart(state);
    const units = { ...this.toolUnits(state.usage, state.items.values()) };
    const searches = countOf(
      recordOf(state.toolUsage?.['web_search']),
      'num_requests',
      this.findings,
    );
    if (searches !== undefined) units.web_searches = searches;
    if (image) delete units.images_made;
    const main = {
      model: state.model,
      serviceTier: this.#tierOf(state, units.web_searches ?? 0),
      usage: addUsage(usage, usageOf(units)),
    };
    return image ? [main, image] : [main];
  }

  /**
   * A search of the preview tool has a price of its own in models that do not reason, which is a tier of
   * the price book; where the book knows none, it costs what any search costs (developers.openai.com,
   * "Pricing", built-in tools).
   */
  #tierOf({ serviceTier, tools }: ResponseState, searches: number): string | undefined {
    const isPreview = tools.some((tool) => textOf(tool['type'])?.startsWith('web_search_preview'));
    if (!isPreview || searches === 0) return serviceTier;
    if (/^(?:default|auto)?$/.test(serviceTier ?? '')) return SEARCH_PREVIEW_TIER;
    this.findings.add(`web_search_preview on ${serviceTier} is priced as any search`);
    return serviceTier;
  }

  /** Tokens of the image model, which the top level leaves out (openai-node `Response.ToolUsage`). */
  #imagePart(state: ResponseState): MeteredPart | undefined {
    const tokens = recordOf(state.toolUsage?.['image_gen']);
    const usage =
      tokens && openAiUsage(tokens, { ...OPENAI_SHAPE, outputIsImage: true }, this.findings);
    if (!usage || Object.values({ ...usage, requests: 0 }).every((count) => count === 0))
      return undefined;
    let model: string | undefined;
    for (const tool of state.tools)
      if (tool['type'] === 'image_generation') model = textOf(tool['model']) ?? model;
    for (const item of state.items.values())
      if (item['type'] === 'image_generation_call') model = textOf(item['model']) ?? model;
    if (model === undefined)
      this.findings.add('tool_usage.image_gen has tokens of an image model that is not named');
    return { model, serviceTier: undefined, usage: { ...usage, requests: 0 } };
  }
}

/** Perplexity's agent counts in its usage how often each of its tools was invoked (docs.perplexity.ai, "Agent API"). */
function invocationUnits(invocations: JsonRecord, findings: Findings): Partial<Usage> {
  const units = { web_searches: 0, tool_calls: 0 };
  for (const [tool, details] of Object.entries(invocations).slice(0, 32)) {
    const count =
      countOf(recordOf(details), 'invocation', findings, 'usage.tool_calls_details') ?? 0;
    if (/search/i.test(tool)) units.web_searches += count;
    else units.tool_calls += count;
  }
  return units;
}

/** The tier of responses that searched by the preview tool. */
export const SEARCH_PREVIEW_TIER = 'search-preview';

const HOSTED = new Set([
  'web_search_call',
  'x_search_call', // xAI
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
]);

function isHostedCall(item: JsonRecord): boolean {
  return HOSTED.has(textOf(item['type']) ?? '') || inContainer(item);
}

/** Code and commands that ran at OpenAI; a shell may also be the client's own. */
function inContainer({ type, environment }: JsonRecord): boolean {
  if (type === 'code_interpreter_call') return true;
  const place = textOf(recordOf(environment)?.['type']);
  return type === 'shell_call' && place?.startsWith('container') === true;
}

/**
 * Billed calls among the output items. Of web-search calls only the action `search` is billed, not
 * `open_page` nor `find_in_page` (developers.openai.com, "Web search", "Output and citations"); calls
 * from before actions existed are searches. A failed call is not billed.
 */
export function itemUnits(items: Iterable<JsonRecord>): Partial<Usage> {
  const units = { ...NO_USAGE };
  for (const item of items) {
    if (item['status'] === 'failed') continue;
    const type = item['type'];
    const action = recordOf(item['action'])?.['type'];
    if (type === 'web_search_call' || type === 'x_search_call')
      units.web_searches += action === undefined || action === 'search' ? 1 : 0;
    else if (type === 'image_generation_call') units.images_made += 1;
    else units.tool_calls += 1;
  }
  return units;
}
