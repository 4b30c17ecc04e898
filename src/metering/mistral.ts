import { recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import { ChatMeter, type ChatReply } from './openai-chat.ts';
import { OPENAI_SHAPE, type OpenAiUsageShape } from './openai-usage.ts';
import { countOf } from './token-count.ts';
import type { Usage } from './usage.ts';

/**
 * Mistral: OpenAI's shape. `connector_tokens` are input of built-in connectors on top of the prompt
 * (188 + 55 + 7,112 = 7,355 in docs.mistral.ai, "Websearch connector"), `connectors` counts their
 * calls. Audio is billed by the second, for which there is no unit: it becomes a finding. Its tokens,
 * where the total holds them, stand beside the prompt (3 + 375 + 41 = 419 in published traffic).
 */
export class MistralMeter extends ChatMeter {
  protected override shapeFor({ usage }: ChatReply): OpenAiUsageShape {
    const seconds = usage['prompt_audio_seconds'];
    return typeof seconds === 'number' && seconds > 0
      ? { ...OPENAI_SHAPE, gapIsAudio: true }
      : OPENAI_SHAPE;
  }

  /** A conversation names it in what the model put out. */
  protected override modelIn(message: JsonRecord): string | undefined {
    const outputs = recordsOf(message['outputs']).flatMap(({ model }) => textOf(model) ?? []);
    return super.modelIn(message) ?? outputs.at(-1);
  }

  protected override extras({ usage }: ChatReply): Partial<Usage> {
    const seconds = usage['prompt_audio_seconds'];
    if (typeof seconds === 'number' && seconds > 0) {
      this.findings.add(`usage.prompt_audio_seconds has no unit: ${seconds}`);
    }
    const connectors = recordOf(usage['connectors']);
    let searches = 0;
    let toolCalls = 0;
    for (const name of Object.keys(connectors ?? {}).slice(0, 32)) {
      const calls = countOf(connectors, name, this.findings) ?? 0;
      if (name.startsWith('web_search')) searches += calls;
      else toolCalls += calls;
    }
    return { web_searches: searches, tool_calls: toolCalls };
  }
}
