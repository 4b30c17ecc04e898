import { Findings } from './findings.ts';
import { interactionQueries, interactionUsage } from './gemini-interaction.ts';
import { laterUsage, listOf, recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageMeter } from './metering.ts';
import { firstCountOf, Remainder } from './token-count.ts';
import { addUsage, usageOf, type Usage } from './usage.ts';

/** Vertex AI names the traffic, the Gemini API the tier. */
const TIER_OF_TRAFFIC: Readonly<Record<string, string>> = {
  ON_DEMAND: 'standard',
  ON_DEMAND_PRIORITY: 'priority',
  ON_DEMAND_FLEX: 'flex',
  PROVISIONED_THROUGHPUT: 'provisioned_throughput',
};

/**
 * Gemini's generateContent. Cached tokens are inside the prompt; thoughts are outside the candidates;
 * tool-use prompt tokens are input on top of the prompt; the total is the sum of all four
 * (cloud.google.com, `UsageMetadata`). Every chunk of a stream carries cumulative usage
 * ({@link laterReport}). Modalities are audio, image, video, document, text; video and documents are
 * billed as text.
 */
export class GeminiMeter implements UsageMeter {
  readonly #findings = new Findings();
  readonly #searches = new Set<string>();
  /** Grounded in Google Maps, which is billed by the prompt. */
  #isMapped = false;
  #model: string | undefined;
  #usage: JsonRecord | undefined;

  /** A stream without `alt=sse` is one JSON array of chunks. */
  body(json: unknown): void {
    if (Array.isArray(json)) for (const chunk of json) this.#read(chunk);
    else this.#read(json);
  }

  event(_name: string | undefined, data: unknown): void {
    this.#read(data);
  }

  finish(): Metering | undefined {
    if (this.#usage === undefined) return undefined;
    const tokens = this.#tokensOf(this.#usage);
    if (tokens === undefined) return undefined;
    const usage = addUsage(tokens, usageOf({ requests: 1, ...this.#toolUnits(this.#usage) }));
    const unknown = this.#findings.list();
    return {
      parts: [{ model: this.#model, serviceTier: tierOf(this.#usage), usage }],
      estimated: false,
      ...(unknown && { unknown }),
    };
  }

  #read(json: unknown): void {
    const outer = recordOf(json);
    // Batch results and the Code Assist API wrap it, events of an interaction too.
    const chunk = recordOf(outer?.['response']) ?? recordOf(outer?.['interaction']) ?? outer;
    if (chunk === undefined) return;
    this.#model = textOf(chunk['modelVersion']) ?? textOf(chunk['model_version']) ?? this.#model;
    const usage = recordOf(chunk['usageMetadata']) ?? recordOf(chunk['usage_metadata']);
    if (usage) this.#usage = laterReport(this.#usage, usage);
    const interaction = interactionUsage(chunk['usage']);
    if (interaction) {
      this.#model = textOf(chunk['model']) ?? this.#model;
      this.#usage = { ...interaction, serviceTier: chunk['service_tier'] };
      this.#noteQueries(interactionQueries(chunk));
    }
    for (const candidate of listOf(chunk['candidates'])) {
      const grounding = recordOf(recordOf(candidate)?.['groundingMetadata']);
      this.#isMapped ||= recordsOf(grounding?.['groundingChunks']).some((source) => source['maps']);
      this.#noteQueries(listOf(grounding?.['webSearchQueries']));
    }
  }

  #noteQueries(queries: readonly unknown[]): void {
    for (const query of queries) {
      const text = textOf(query);
      if (text !== undefined && this.#searches.size < 1000) this.#searches.add(text);
    }
  }

  /** What Google itself says that it bills, where it does; otherwise the queries that grounding shows. */
  #toolUnits(usage: JsonRecord): Partial<Usage> {
    const billed = usage['billedToolCalls'] ?? usage['billed_tool_calls'];
    if (!Array.isArray(billed))
      return { web_searches: this.#billedSearches(), tool_calls: this.#isMapped ? 1 : 0 };
    const units = { web_searches: 0, tool_calls: 0 };
    for (const entry of recordsOf(billed)) {
      const calls =
        this.#count(entry, 'successfulToolCallCount', 'successful_tool_call_count') ?? 0;
      if (/search/i.test(textOf(entry['tool']) ?? '')) units.web_searches += calls;
      else units.tool_calls += calls;
    }
    return units;
  }

  /** Gemini 3 bills each search query, earlier models each grounded prompt (ai.google.dev, "Grounding"). */
  #billedSearches(): number {
    const generation = Number(/gemini-(\d+)/.exec(this.#model ?? '')?.[1] ?? 3);
    return generation >= 3 ? this.#searches.size : Math.min(1, this.#searches.size);
  }

  #count(usage: JsonRecord, ...fields: readonly string[]): number | undefined {
    return firstCountOf(usage, fields, this.#findings, 'usageMetadata');
  }

  #tokensOf(usage: JsonRecord): Usage | undefined {
    const prompt = this.#count(usage, 'promptTokenCount', 'prompt_token_count');
    const tools = this.#count(usage, 'toolUsePromptTokenCount', 'tool_use_prompt_token_count') ?? 0;
    const thoughts = this.#count(usage, 'thoughtsTokenCount', 'thoughts_token_count') ?? 0;
    const total = this.#count(usage, 'totalTokenCount', 'total_token_count');
    let out = this.#count(
      usage,
      'candidatesTokenCount',
      'candidates_token_count',
      'responseTokenCount',
      'response_token_count',
    );
    if (prompt === undefined && out === undefined && total === undefined) return undefined;
    const known = (prompt ?? 0) + tools + thoughts;
    if (out === undefined && total !== undefined) out = Math.max(0, total - known);
    if (total !== undefined && total !== known + (out ?? 0)) {
      this.#findings.add(
        `usageMetadata.totalTokenCount ${total} is not the sum ${known + (out ?? 0)} of its parts`,
      );
    }
    const toolInput = this.#byModality(tools, modalitiesOf(usage, 'toolUsePromptTokensDetails'));
    return addUsage(
      addUsage(
        this.#input(usage, prompt ?? 0),
        usageOf({ input: toolInput.text, audio_in: toolInput.audio, image_in: toolInput.image }),
      ),
      this.#output(usage, out ?? 0, thoughts),
    );
  }

  #input(usage: JsonRecord, prompt: number): Usage {
    const all = this.#byModality(prompt, modalitiesOf(usage, 'promptTokensDetails'));
    const text = new Remainder(all.text, 'prompt text', this.#findings);
    const audio = new Remainder(all.audio, 'prompt audio', this.#findings);
    const image = new Remainder(all.image, 'prompt image', this.#findings);
    const cached = this.#count(usage, 'cachedContentTokenCount', 'cached_content_token_count') ?? 0;
    const split = this.#byModality(cached, modalitiesOf(usage, 'cacheTokensDetails'));
    let audioCached = audio.takeUpTo(split.audio);
    let imageCached = image.takeUpTo(split.image);
    let rest = cached - audioCached - imageCached;
    const textCached = text.takeUpTo(rest);
    rest -= textCached;
    const spill = audio.takeUpTo(rest);
    audioCached += spill;
    imageCached += image.take(rest - spill, 'cachedContentTokenCount');
    return usageOf({
      input: text.left,
      input_cached: textCached,
      audio_in: audio.left,
      audio_in_cached: audioCached,
      image_in: image.left,
      image_in_cached: imageCached,
    });
  }

  #output(usage: JsonRecord, out: number, thoughts: number): Usage {
    const details = modalitiesOf(usage, 'candidatesTokensDetails');
    const split = this.#byModality(
      out,
      details.length > 0 ? details : modalitiesOf(usage, 'responseTokensDetails'),
    );
    return usageOf({
      output: split.text,
      audio_out: split.audio,
      image_out: split.image,
      reasoning: thoughts,
    });
  }

  #byModality(
    total: number,
    details: readonly JsonRecord[],
  ): { text: number; audio: number; image: number } {
    const rest = new Remainder(total, 'its modalities', this.#findings);
    let audio = 0;
    let image = 0;
    for (const detail of details) {
      const tokens = this.#count(detail, 'tokenCount', 'token_count');
      const modality = textOf(detail['modality'])?.toUpperCase();
      if (modality === 'AUDIO') audio += rest.take(tokens, 'audio tokens');
      if (modality === 'IMAGE') image += rest.take(tokens, 'image tokens');
    }
    return { text: rest.left, audio, image };
  }
}

const PROMPT = ['promptTokenCount', 'prompt_token_count'] as const;
const TOTAL = ['totalTokenCount', 'total_token_count'] as const;
/** What makes up the total beside the prompt; a report without one of them may mean none or no change. */
const ADDENDS = [
  'candidatesTokenCount',
  'responseTokenCount',
  'thoughtsTokenCount',
  'toolUsePromptTokenCount',
].map((name) => [name, snakeOf(name)] as const);

/**
 * The later of two reports in one stream. Where the later one alone adds up to its own total, it is
 * whole: what it leaves out is gone (after a tool has run, thoughts are part of the prompt). One that
 * is whole and smaller is of a turn after a tool, which the last report will take in, and is passed
 * over. Any other leaves out what has not changed.
 */
function laterReport(earlier: JsonRecord | undefined, later: JsonRecord): JsonRecord {
  const total = wholeTotal(later);
  if (earlier === undefined || total === undefined) return laterUsage(earlier, later);
  if (total < (wholeTotal(earlier) ?? 0)) return earlier;
  const gone = new Set<string>(ADDENDS.flat());
  return laterUsage(
    Object.fromEntries(Object.entries(earlier).filter(([field]) => !gone.has(field))),
    later,
  );
}

/** A report's total where its own parts add up to it. */
function wholeTotal(report: JsonRecord): number | undefined {
  const ignored = new Findings(); // broken counts are told when the report is read
  const total = firstCountOf(report, TOTAL, ignored);
  let sum = firstCountOf(report, PROMPT, ignored) ?? 0;
  for (const names of ADDENDS) sum += firstCountOf(report, names, ignored) ?? 0;
  return total === sum ? total : undefined;
}

function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function modalitiesOf(usage: JsonRecord, field: string): readonly JsonRecord[] {
  return recordsOf(usage[field] ?? usage[snakeOf(field)]);
}

function tierOf(usage: JsonRecord): string | undefined {
  const tier = textOf(usage['serviceTier']) ?? textOf(usage['service_tier']);
  if (tier !== undefined) return tier.toLowerCase().replace(/^service_tier_/, '');
  const traffic = textOf(usage['trafficType']) ?? textOf(usage['traffic_type']);
  return traffic === undefined ? undefined : (TIER_OF_TRAFFIC[traffic] ?? traffic.toLowerCase());
}
