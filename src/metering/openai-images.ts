import { Findings } from './findings.ts';
import { laterUsage, listOf, recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageMeter } from './metering.ts';
import { OPENAI_SHAPE, openAiUsage } from './openai-usage.ts';
import { usageOf } from './usage.ts';

/**
 * Image generation and edits. The gpt-image models are billed by tokens: input split into text and
 * image, output pixels unless `output_tokens_details` says text (openai-node `ImagesResponse.Usage`,
 * `ImageGenCompletedEvent.Usage`). Models without usage are billed by the image.
 */
export class OpenAiImagesMeter implements UsageMeter {
  readonly #findings = new Findings();
  #model: string | undefined;
  #usage: JsonRecord | undefined;
  #images = 0;

  body(json: unknown): void {
    const body = recordOf(json);
    this.#model = textOf(body?.['model']) ?? this.#model;
    const usage = recordOf(body?.['usage']);
    if (usage) this.#usage = laterUsage(this.#usage, usage);
    this.#images += listOf(body?.['data']).length;
  }

  event(_name: string | undefined, data: unknown): void {
    this.body(data);
    if (String(textOf(recordOf(data)?.['type'])).endsWith('.completed')) this.#images += 1;
  }

  finish(): Metering | undefined {
    const shape = { ...OPENAI_SHAPE, outputIsImage: true };
    const tokens = this.#usage && openAiUsage(this.#usage, shape, this.#findings);
    if (tokens === undefined && this.#images === 0) return undefined;
    const usage = tokens ?? usageOf({ requests: 1, images_made: this.#images });
    const unknown = this.#findings.list();
    return {
      parts: [{ model: this.#model, serviceTier: undefined, usage }],
      estimated: false,
      ...(unknown && { unknown }),
    };
  }
}
