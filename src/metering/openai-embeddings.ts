import { Findings } from './findings.ts';
import { laterUsage, recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageMeter } from './metering.ts';
import { firstCountOf } from './token-count.ts';
import { usageOf } from './usage.ts';

/** Embeddings in OpenAI's shape: input only. Voyage and Jina report `total_tokens` alone. */
export class OpenAiEmbeddingsMeter implements UsageMeter {
  readonly #findings = new Findings();
  #model: string | undefined;
  #usage: JsonRecord | undefined;

  body(json: unknown): void {
    const body = recordOf(json);
    this.#model = textOf(body?.['model']) ?? this.#model;
    const usage = recordOf(body?.['usage']);
    if (usage) this.#usage = laterUsage(this.#usage, usage);
  }

  event(_name: string | undefined, data: unknown): void {
    this.body(data);
  }

  finish(): Metering | undefined {
    const input = firstCountOf(
      this.#usage,
      ['prompt_tokens', 'input_tokens', 'total_tokens'],
      this.#findings,
    );
    if (input === undefined) return undefined;
    const unknown = this.#findings.list();
    const usage = usageOf({ requests: 1, input });
    return {
      parts: [{ model: this.#model, serviceTier: undefined, usage }],
      estimated: false,
      ...(unknown && { unknown }),
    };
  }
}
