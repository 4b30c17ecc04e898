import { listOf, recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import type { MeteredPart } from './metering.ts';
import { ChatMeter, choicesOf, type ChatReply } from './openai-chat.ts';
import { OPENAI_SHAPE, openAiUsage } from './openai-usage.ts';
import { addUsage, inputTokens, NO_USAGE, outputTokens, usageOf, type Usage } from './usage.ts';

/**
 * Groq: a stream reports one usage twice, as `x_groq.usage` and, where asked for, as `usage`; the
 * last of each field wins. Compound systems answer with several models and break the usage down by
 * model (console.groq.com, "Compound", `usage_breakdown`); each is then a part of its own. In streams
 * the breakdown may repeat the whole usage under every model: one that does not add up is set aside.
 */
export class GroqMeter extends ChatMeter {
  #breakdown: readonly unknown[] = [];
  /** Executed tools by choice and index: a stream shows one when it starts and again when it has run. */
  readonly #tools = new Map<string, Partial<Usage>>();

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
      const said = recordOf(choice['message']) ?? recordOf(choice['delta']);
      for (const [position, tool] of recordsOf(said?.['executed_tools']).entries())
        this.#noteTool(`${orElse(choice['index'], 0)}/${orElse(tool['index'], position)}`, tool);
    }
  }

  protected override extras(_reply: ChatReply): Partial<Usage> {
    let used = NO_USAGE;
    for (const tool of this.#tools.values()) used = addUsage(used, usageOf(tool));
    return { web_searches: used.web_searches, tool_calls: used.tool_calls };
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
    const whole = super.parts(reply);
    const [first, ...rest] = parts;
    if (first === undefined) return whole;
    const [all] = whole ?? [];
    if (all !== undefined && !addUp(parts, all.usage)) {
      this.findings.add('usage_breakdown is not the sum of usage: counted once, as its last model');
      return [{ ...all, model: parts.at(-1)?.model }];
    }
    return [
      { ...first, usage: addUsage(first.usage, usageOf({ requests: 1, ...this.extras(reply) })) },
      ...rest,
    ];
  }

  #noteTool(key: string, tool: JsonRecord): void {
    const type = textOf(tool['type']);
    if (type === undefined || (this.#tools.size >= TOOLS_MAX && !this.#tools.has(key))) return;
    const isSearch = /search/i.test(`${type} ${textOf(tool['name']) ?? ''}`);
    this.#tools.set(key, isSearch ? { web_searches: 1 } : { tool_calls: 1 });
  }
}

/** More tools than a reply can run; the rest of a hostile one is dropped. */
const TOOLS_MAX = 1000;

function orElse(index: unknown, position: number): number {
  return typeof index === 'number' ? index : position;
}

function addUp(parts: readonly MeteredPart[], whole: Usage): boolean {
  let sum = NO_USAGE;
  for (const { usage } of parts) sum = addUsage(sum, usage);
  return inputTokens(sum) === inputTokens(whole) && outputTokens(sum) === outputTokens(whole);
}
