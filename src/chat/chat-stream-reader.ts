import type { LogEntry } from './log-entry.ts';
import type { Source } from './part.ts';

/** How a supplier ended its answer. */
export type StreamFinish = 'stop' | 'length' | 'filtered';

/**
 * Reads the stream of an answer, in the chat completions format that every supplier's answer has
 * where it leaves the gateway, and in the variants of it that vendors are known to send: reasoning
 * as `reasoning_content` or `reasoning`, content as a list of pieces, citations beside the choices.
 *
 * States: open → finished (a finish reason was read, or the closing event).
 */
export class ChatStreamReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #sources: string[] = [];
  finish: StreamFinish | undefined;
  /** The error that came in place of the rest. */
  error: string | undefined;
  /** Tokens of the model's tools that nobody answers. */
  hasToolCalls = false;

  /** @returns what came, in order */
  push(chunk: Uint8Array): readonly LogEntry[] {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const entries: LogEntry[] = [];
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end < 0) return entries;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      if (line.startsWith('data:')) this.#event(line.slice(5).trim(), entries);
    }
  }

  #event(data: string, entries: LogEntry[]): void {
    if (data === '[DONE]') {
      this.finish ??= 'stop';
      return;
    }
    const event = parsed(data);
    if (event === undefined) return;
    if (isObject(event['error'])) {
      this.error = stringOf(event['error']['message']) || 'The supplier of this model broke off.';
      return;
    }
    this.#citations(event, entries);
    const [choice] = arrayOf(event['choices']).filter(isObject);
    if (choice === undefined) return;
    const delta = isObject(choice['delta'])
      ? choice['delta']
      : isObject(choice['message'])
        ? choice['message']
        : {};
    const reasoning = stringOf(delta['reasoning_content']) || stringOf(delta['reasoning']);
    if (reasoning !== '') entries.push({ type: 'reasoning', text: reasoning });
    this.#content(delta['content'], entries);
    const refusal = stringOf(delta['refusal']);
    if (refusal !== '') entries.push({ type: 'text', text: refusal });
    if (arrayOf(delta['tool_calls']).length > 0) this.hasToolCalls = true;
    this.#annotations(delta['annotations'], entries);
    const reason = choice['finish_reason'];
    if (typeof reason === 'string') this.finish = finishOf(reason);
  }

  /** A text, or Mistral's list of pieces with thinking among them. */
  #content(content: unknown, entries: LogEntry[]): void {
    if (typeof content === 'string') {
      if (content !== '') entries.push({ type: 'text', text: content });
      return;
    }
    for (const piece of arrayOf(content).filter(isObject)) {
      if (piece['type'] === 'thinking') {
        const text = arrayOf(piece['thinking'])
          .map((each) => (isObject(each) ? stringOf(each['text']) : ''))
          .join('');
        if (text !== '') entries.push({ type: 'reasoning', text });
      } else {
        const text = stringOf(piece['text']);
        if (text !== '') entries.push({ type: 'text', text });
      }
    }
  }

  /** Perplexity names its sources once for all chunks, and repeats them. */
  #citations(event: Record<string, unknown>, entries: LogEntry[]): void {
    const results = arrayOf(event['search_results']).filter(isObject);
    for (const result of results)
      this.#source(stringOf(result['url']), stringOf(result['title']), '', entries);
    if (results.length > 0) return;
    for (const url of arrayOf(event['citations'])) this.#source(stringOf(url), '', '', entries);
  }

  #annotations(annotations: unknown, entries: LogEntry[]): void {
    for (const each of arrayOf(annotations).filter(isObject)) {
      const citation = isObject(each['url_citation']) ? each['url_citation'] : each;
      this.#source(stringOf(citation['url']), stringOf(citation['title']), '', entries);
    }
  }

  #source(url: string, title: string, snippet: string, entries: LogEntry[]): void {
    if (!/^https?:\/\//.test(url) || this.#sources.includes(url)) return;
    this.#sources.push(url);
    const source: Source = {
      type: 'source',
      index: this.#sources.length,
      url,
      title: title || new URL(url).hostname,
      snippet,
    };
    entries.push(source);
  }
}

function finishOf(reason: string): StreamFinish {
  if (reason === 'length' || reason === 'max_tokens') return 'length';
  return reason === 'content_filter' ? 'filtered' : 'stop';
}

function parsed(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
