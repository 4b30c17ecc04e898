import { batchAnswer } from './batch-line.ts';
import { Findings } from './findings.ts';
import { laterUsage, recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import type { MeteredPart, Metering, UsageMeter } from './metering.ts';
import { OPENAI_SHAPE, openAiUsage, type OpenAiUsageShape } from './openai-usage.ts';
import { supplierCostPicoUsd } from './supplier-cost.ts';
import { addUsage, usageOf, type Usage } from './usage.ts';

/** What a reply said, gathered over its body or its chunks. */
export interface ChatReply {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
  readonly usage: JsonRecord;
}

/**
 * Chat completions, as OpenAI sends them and as others imitate them. One reply has one usage: in a
 * stream the last report of each field wins and nothing is summed, so that cumulative usage on every
 * chunk (Perplexity, vLLM's `continuous_usage_stats`), usage twice (Groq) and usage on the last
 * content chunk as well as on an empty final one all count once. Vendors differ in what follows.
 */
export class ChatMeter implements UsageMeter {
  protected readonly findings = new Findings();
  readonly #shape: OpenAiUsageShape;
  #model: string | undefined;
  #serviceTier: string | undefined;
  #usage: JsonRecord | undefined;

  constructor(shape: OpenAiUsageShape = OPENAI_SHAPE) {
    this.#shape = shape;
  }

  body(json: unknown): void {
    this.#read(batchAnswer(json) ?? json);
  }

  event(_name: string | undefined, data: unknown): void {
    this.#read(data);
  }

  finish(): Metering | undefined {
    if (this.#usage === undefined) return undefined;
    const reply = { model: this.#model, serviceTier: this.#serviceTier, usage: this.#usage };
    const parts = this.parts(reply);
    if (parts === undefined) return undefined;
    const cost = supplierCostPicoUsd(this.#usage);
    const unknown = this.findings.list();
    return {
      parts,
      estimated: false,
      ...(cost !== undefined && { supplierCostPicoUsd: cost }),
      ...(unknown && { unknown }),
    };
  }

  /** Usage reports in one chunk or body, the authoritative one last. */
  protected reports(message: JsonRecord): readonly JsonRecord[] {
    const usage = recordOf(message['usage']);
    return usage ? [usage] : [];
  }

  /** The model that a body or chunk names. */
  protected modelIn(message: JsonRecord): string | undefined {
    return textOf(message['model']);
  }

  /** What a chunk says beside its usage, for vendors that need it. */
  protected notice(_message: JsonRecord): void {}

  /** Units beyond tokens (searches, tool calls). */
  protected extras(_reply: ChatReply): Partial<Usage> {
    return {};
  }

  protected shapeFor(_reply: ChatReply): OpenAiUsageShape {
    return this.#shape;
  }

  /** The service tier that the reply was served on, by its name in the price book. */
  protected tierOf(reply: ChatReply): string | undefined {
    return reply.serviceTier;
  }

  protected parts(reply: ChatReply): readonly MeteredPart[] | undefined {
    const usage = openAiUsage(reply.usage, this.shapeFor(reply), this.findings);
    if (usage === undefined) return undefined;
    return [
      {
        model: reply.model,
        serviceTier: this.tierOf(reply),
        usage: addUsage(usage, usageOf(this.extras(reply))),
      },
    ];
  }

  #read(json: unknown): void {
    const message = recordOf(json);
    if (message === undefined) return;
    this.#model = this.modelIn(message) ?? this.#model;
    // Cerebras repeats the tier asked for and says beside it which one served.
    this.#serviceTier =
      textOf(message['service_tier_used']) ?? textOf(message['service_tier']) ?? this.#serviceTier;
    for (const report of this.reports(message)) {
      if (isEmptyReport(report) && this.#usage !== undefined) continue;
      this.#usage = laterUsage(this.#usage, report);
      // Mistral says the tier beside the counts.
      this.#serviceTier = textOf(report['service_tier']) ?? this.#serviceTier;
    }
    this.notice(message);
  }
}

/** Zeroes after a measurement measure nothing (some servers close a stream with them). */
function isEmptyReport(report: JsonRecord): boolean {
  return !Object.values(report).some((value) =>
    typeof value === 'number' ? value !== 0 : value !== null,
  );
}

/** All choices of a reply or a chunk, with what they carry. */
export function choicesOf(message: JsonRecord): readonly JsonRecord[] {
  return recordsOf(message['choices']);
}

/** Chat completions of OpenAI and Azure OpenAI. */
export class OpenAiChatMeter extends ChatMeter {}
