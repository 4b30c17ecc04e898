import { Findings } from './findings.ts';
import { laterUsage, recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageMeter } from './metering.ts';
import { countOf, findUnknownCounts } from './token-count.ts';
import { usageOf, type Usage } from './usage.ts';

const KNOWN_BILLED = new Set([
  'input_tokens',
  'output_tokens',
  'search_units',
  'classifications',
  'image_tokens',
]);

/**
 * Cohere, both versions: `usage` (v2), `meta` (v1, embed, rerank, classify); a stream reports in
 * `message-end` (v2) or `stream-end` (v1). `billed_units` are what Cohere bills and differ from
 * `tokens`, which count its own prompt template too (docs.cohere.com, "How does Cohere's pricing
 * work"). A search unit counts as a search, a classification as a tool call.
 */
export class CohereMeter implements UsageMeter {
  readonly #findings = new Findings();
  #model: string | undefined;
  #usage: JsonRecord | undefined;

  body(json: unknown): void {
    const body = recordOf(json);
    if (body) this.#read(body);
  }

  event(_name: string | undefined, data: unknown): void {
    const event = recordOf(data);
    if (event === undefined) return;
    this.#read(event);
    for (const field of ['delta', 'response', 'message']) {
      const inner = recordOf(event[field]);
      if (inner) this.#read(inner);
    }
  }

  finish(): Metering | undefined {
    if (this.#usage === undefined) return undefined;
    const usage = this.#billed(this.#usage);
    if (usage === undefined) return undefined;
    const unknown = this.#findings.list();
    return {
      parts: [{ model: this.#model, serviceTier: undefined, usage }],
      estimated: false,
      ...(unknown && { unknown }),
    };
  }

  #read(message: JsonRecord): void {
    this.#model = textOf(message['model']) ?? this.#model;
    const usage = recordOf(message['usage']) ?? recordOf(message['meta']);
    if (usage) this.#usage = laterUsage(this.#usage, usage);
  }

  #billed(usage: JsonRecord): Usage | undefined {
    const units = recordOf(usage['billed_units']);
    // Units that are there but without a single count say no more than none.
    const billed = Object.values(units ?? {}).some((count) => typeof count === 'number')
      ? units
      : undefined;
    const tokens = recordOf(usage['tokens']);
    if (billed === undefined && tokens === undefined) return undefined;
    if (billed === undefined)
      this.#findings.add('usage.billed_units is missing: counted by tokens');
    const source = billed ?? tokens;
    findUnknownCounts(source, KNOWN_BILLED, this.#findings, 'usage.billed_units');
    const count = (field: string): number =>
      countOf(source, field, this.#findings, 'usage.billed_units') ?? 0;
    return usageOf({
      requests: 1,
      input: count('input_tokens'),
      output: count('output_tokens'),
      image_in: count('image_tokens'),
      web_searches: count('search_units'),
      tool_calls: count('classifications'),
    });
  }
}
