import { Findings } from './findings.ts';
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
 * (cloud.google.com, `UsageMetadata`). Every chunk of a stream carries cumulative usage, some without
 * all fields: the last value of each field counts. Modalities are audio, image, video, document, text;
 * video and documents are billed as text.
 */
export class GeminiMeter implements UsageMeter {
  readonly #findings = new Findings();
  readonly #searches = new Set<string>();
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
    const usage = { ...tokens, requests: 1, web_searches: this.#billedSearches() };
    const unknown = this.#findings.list();
    return {
      parts: [{ model: this.#model, serviceTier: tierOf(this.#usage), usage }],
      estimated: false,
      ...(unknown && { unknown }),
    };
  }

  #read(json: unknown): void {
    const outer = recordOf(json);
    const chunk = recordOf(outer?.['response']) ?? outer; // batch results and the Code Assist API wrap it
    if (chunk === undefined) return;
    this.#model = textOf(chunk['modelVersion']) ?? textOf(chunk['model_version']) ?? this.#model;
    const usage = recordOf(chunk['usageMetadata']) ?? recordOf(chunk['usage_metadata']);
    if (usage) this.#usage = laterUsage(this.#usage, usage);
    for (const candidate of listOf(chunk['candidates'])) {
      const grounding = recordOf(recordOf(candidate)?.['groundingMetadata']);
      for (const query of listOf(grounding?.['webSearchQueries'])) {
        const text = textOf(query);
        if (text !== undefined && this.#searches.size < 1000) this.#searches.add(text);
      }
    }
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

function modalitiesOf(usage: JsonRecord, field: string): readonly JsonRecord[] {
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return recordsOf(usage[field] ?? usage[snake]);
}

function tierOf(usage: JsonRecord): string | undefined {
  const tier = textOf(usage['serviceTier']) ?? textOf(usage['service_tier']);
  if (tier !== undefined) return tier.toLowerCase().replace(/^service_tier_/, '');
  const traffic = textOf(usage['trafficType']) ?? textOf(usage['traffic_type']);
  return traffic === undefined ? undefined : (TIER_OF_TRAFFIC[traffic] ?? traffic.toLowerCase());
}
