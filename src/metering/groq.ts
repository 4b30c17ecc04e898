import { listOf, recordOf, textOf, type JsonRecord } from './json-value.ts';
import type { MeteredPart } from './metering.ts';
import { ChatMeter, choicesOf, type ChatReply } from './openai-chat.ts';
import { OPENAI_SHAPE, openAiUsage } from './openai-usage.ts';
import { addUsage, NO_USAGE, usageOf, type Usage } from './usage.ts';

/**
 * Groq: a stream reports one usage twice, as `x_groq.usage` and, where asked for, as `usage`; the
 * last of each field wins. Compound systems answer with several models and break the usage down by
 * model (console.groq.com, "Compound", `usage_breakdown`); each is then a part of its own.
 */
export class GroqMeter extends ChatMeter {
  #breakdown: readonly unknown[] = [];
  #tools: Usage = NO_USAGE;

  protected override reports(message: JsonRecord): readonly JsonRecord[] {
    const wrapped = recordOf(recordOf(message['x_groq'])?.['usage']);
    return wrapped ? [wrapped, ...super.reports(message)] : super.reports(message);
  }

  protected override notice(message: JsonRecord): void {
    const breakdown =
      recordOf(message['usage_breakdown']) ??
      recordOf(recordOf(message['x_groq'])?.['usage_breakdown']);
    const models = listOf(breakdown?.['models']);
    if (models.length > 0) this.#breakdown = models;
    for (const choice of choicesOf(message)) {
      for (const tool of listOf(recordOf(choice['message'])?.['executed_tools']))
        this.#countTool(recordOf(tool));
    }
  }

  protected override extras(_reply: ChatReply): Partial<Usage> {
    return { web_searches: this.#tools.web_searches, tool_calls: this.#tools.tool_calls };
  }

  protected override parts(reply: ChatReply): readonly MeteredPart[] | undefined {
    const parts = this.#breakdown.flatMap((entry): MeteredPart[] => {
      const model = textOf(recordOf(entry)?.['model']);
      const own = recordOf(recordOf(entry)?.['usage']);
      const usage = own && openAiUsage(own, OPENAI_SHAPE, this.findings);
      return usage
        ? [{ model, serviceTier: reply.serviceTier, usage: { ...usage, requests: 0 } }]
        : [];
    });
    const [first, ...rest] = parts;
    if (first === undefined) return super.parts(reply);
    return [
      { ...first, usage: addUsage(first.usage, usageOf({ requests: 1, ...this.extras(reply) })) },
      ...rest,
    ];
  }

  #countTool(tool: JsonRecord | undefined): void {
    const type = textOf(tool?.['type']);
    if (type === undefined) return;
    this.#tools = addUsage(
      this.#tools,
      usageOf(/search/i.test(type) ? { web_searches: 1 } : { tool_calls: 1 }),
    );
  }
}
