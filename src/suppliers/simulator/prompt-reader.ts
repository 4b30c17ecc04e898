import { listOf, recordOf, textOf, type JsonRecord } from '#metering/json-value.ts';
import type { PromptPart, SimulatedCall } from './simulated-call.ts';
import { countTokens } from './simulated-tokens.ts';

/** What a message costs beside its content: role and separators. */
const MESSAGE_TOKENS = 4;
/** What any picture, file or sound counts, whatever its size. */
const MEDIA_TOKENS = 256;
const CACHE_TTL_SECONDS = 300;
const CACHE_TTL_LONG_SECONDS = 3600;

/** Collects the text of a prompt from any of the wire shapes, part by part, and counts it. */
export class PromptReader {
  readonly #parts: PromptPart[] = [];
  #lastUserText = '';
  #afterToolResult = false;

  /** A message of chat completions or of Anthropic's messages, or the text of an instruction. */
  addMessage(role: string, content: unknown, toolCalls?: unknown): void {
    this.#afterToolResult = role === 'tool' || role === 'function';
    this.#push(role, MESSAGE_TOKENS);
    for (const toolCall of listOf(toolCalls)) this.#addText(role, JSON.stringify(toolCall));
    if (typeof content === 'string') return this.#addText(role, content);
    for (const part of listOf(content)) this.#addPart(role, recordOf(part) ?? {});
  }

  /** An input item of the Responses API. */
  addItem(item: JsonRecord): void {
    if (item['type'] === 'function_call_output') {
      this.#afterToolResult = true;
      this.#push('tool', MESSAGE_TOKENS);
      this.#addText('tool', textOf(item['output']) ?? JSON.stringify(item['output'] ?? ''));
    } else if (item['type'] === 'function_call') {
      this.#addText('assistant', `${textOf(item['name'])}${textOf(item['arguments'])}`);
    } else {
      this.addMessage(textOf(item['role']) ?? 'user', item['content']);
    }
  }

  /** Tool definitions are input like any other text. */
  addTools(tools: readonly JsonRecord[] | null | undefined): void {
    for (const tool of tools ?? []) {
      const text = JSON.stringify(tool);
      this.#push(text, countTokens(text), cacheTtlSecondsOf(tool));
    }
  }

  read(): Pick<SimulatedCall, 'prompt' | 'lastUserText' | 'afterToolResult'> {
    return {
      prompt: this.#parts,
      lastUserText: this.#lastUserText,
      afterToolResult: this.#afterToolResult,
    };
  }

  #addPart(role: string, part: JsonRecord): void {
    const type = textOf(part['type']) ?? 'text';
    const text = textOf(part['text']) ?? textOf(part['refusal']) ?? textOf(part['thinking']);
    if (text !== undefined) return this.#addText(role, text, cacheTtlSecondsOf(part));
    if (type === 'tool_result') {
      this.#afterToolResult = true;
      const content = part['content'];
      const result = typeof content === 'string' ? content : JSON.stringify(content ?? '');
      this.#push(result, countTokens(result), cacheTtlSecondsOf(part));
    } else if (type === 'tool_use') {
      const use = `${textOf(part['name'])}${JSON.stringify(part['input'] ?? {})}`;
      this.#push(use, countTokens(use), cacheTtlSecondsOf(part));
    } else {
      this.#push(JSON.stringify(part), MEDIA_TOKENS, cacheTtlSecondsOf(part));
    }
  }

  #addText(role: string, text: string, cacheTtlSeconds?: number): void {
    if (role === 'user') this.#lastUserText = text;
    this.#push(text, countTokens(text), cacheTtlSeconds);
  }

  #push(text: string, tokens: number, cacheTtlSeconds?: number): void {
    this.#parts.push(
      cacheTtlSeconds === undefined ? { text, tokens } : { text, tokens, cacheTtlSeconds },
    );
  }
}

function cacheTtlSecondsOf(part: JsonRecord): number | undefined {
  const control = recordOf(part['cache_control']);
  if (control === undefined) return undefined;
  return control['ttl'] === '1h' ? CACHE_TTL_LONG_SECONDS : CACHE_TTL_SECONDS;
}
