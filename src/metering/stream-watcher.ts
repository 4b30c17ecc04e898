import { DeltaTemplate } from './delta-template.ts';
import { JsonKeyScanner, type KeyKind } from './json-keys.ts';
import { recordOf, recordsOf, textOf, type JsonRecord } from './json-value.ts';
import type { Metering, UsageDialect, UsageMeter } from './metering.ts';
import { SseFrames, textOfBytes } from './sse-parser.ts';
import { usageMeter } from './usage-meter.ts';

/** Keys whose events a decoder may need, in any dialect; all others are only counted. */
const FACTS: Readonly<Record<string, KeyKind>> = {
  usage: 'fact',
  usageMetadata: 'fact',
  usage_metadata: 'fact',
  usage_breakdown: 'fact',
  x_groq: 'fact',
  response: 'fact',
  item: 'fact',
  message: 'fact',
  meta: 'fact',
  executed_tools: 'fact',
  groundingMetadata: 'fact',
  timings: 'fact',
  eval_count: 'fact',
  prompt_eval_count: 'fact',
  error: 'fact',
  finish_reason: 'fact',
  stop_reason: 'fact',
  finishReason: 'fact',
  model: 'watched',
  modelVersion: 'watched',
  model_version: 'watched',
  service_tier: 'watched',
  service_tier_used: 'watched',
};

const CHAT_TEXT = ['content', 'reasoning_content', 'reasoning', 'refusal', 'arguments', 'text'];
const TEXT_KEYS: Partial<Record<UsageDialect, readonly string[]>> = {
  anthropic: ['text', 'thinking', 'partial_json'],
  gemini: ['text'],
  cohere: ['text', 'thinking', 'arguments'],
  'openai-responses': ['delta'],
  'xai-responses': ['delta'],
  'openai-compatible': [...CHAT_TEXT, 'thinking', 'partial_json', 'delta'],
};

const KEYS = new Map<UsageDialect, Readonly<Record<string, KeyKind>>>();

/** What to look for in a dialect's events. The same object each time, so that scanners share a table of it. */
function keysOf(dialect: UsageDialect): Readonly<Record<string, KeyKind>> {
  const known = KEYS.get(dialect);
  if (known) return known;
  const keys: Record<string, KeyKind> = { ...FACTS };
  for (const key of TEXT_KEYS[dialect] ?? CHAT_TEXT) keys[key] = 'text';
  if (dialect === 'cohere') delete keys['message']; // wraps every delta; its usage has a key of its own
  KEYS.set(dialect, keys);
  return keys;
}

/** Delivered text that is kept for an estimate; past it only the bytes are counted. */
const TEXT_BYTES_KEPT_MAX = 256 * 1024;
const DONE = '[DONE]';

/** What the gateway may ask at any moment about the stream that it forwards. */
export interface StreamFacts {
  readonly model: string | undefined;
  /** The supplier's id of the response. */
  readonly id: string | undefined;
  readonly finishReason: string | undefined;
  /** True once the supplier ended the stream: `[DONE]`, a finish reason, the dialect's last event. Where false, usage may be partial. */
  readonly isDone: boolean;
  /** The first error object inside the stream, as sent. */
  readonly error: unknown;
  readonly events: number;
  /** Events that were parsed as JSON: the cost of watching. */
  readonly parsedEvents: number;
  /** Bytes of delivered text as they stand in the JSON, escapes included. */
  readonly textBytes: number;
  /** True where an event was too long to be read; its usage may be lost. */
  readonly overflowed: boolean;
}

/**
 * Watches a stream that is forwarded untouched. Each event is scanned as bytes; only those that may
 * hold usage, an error, an end, or a new model or tier are parsed and given to the meter, with the same
 * result as parsing all of them. Never throws.
 *
 * States: open → (`end()`) → over; `finish()` may be asked in either.
 */
export class StreamWatcher {
  readonly #meter: UsageMeter;
  readonly #frames: SseFrames;
  readonly #scanner: JsonKeyScanner;
  #text = Buffer.alloc(0);
  #textKept = 0;
  #textBytes = 0;
  #events = 0;
  #parsedEvents = 0;
  #isDone = false;
  #model: string | undefined;
  #id: string | undefined;
  #finishReason: string | undefined;
  #error: unknown;
  readonly #template = new DeltaTemplate();
  /** Of the chunk at hand: events that say nothing but text, texts in it, and where the last one is. */
  #deltas = 0;
  #texts = 0;
  #textFrom = 0;
  #textEnd = 0;

  constructor(dialect: UsageDialect, meter: UsageMeter = usageMeter(dialect)) {
    this.#meter = meter;
    this.#frames = new SseFrames((name, bytes, from, end) => this.#event(name, bytes, from, end));
    this.#scanner = new JsonKeyScanner(keysOf(dialect), (bytes, from, end) => {
      this.#texts += 1;
      this.#textFrom = from;
      this.#textEnd = end;
      this.#keepText(bytes, from, end);
    });
  }

  /** @returns true where the chunk is one whole event, the same as the chunk before it but for the text. */
  push(chunk: Uint8Array): boolean {
    const textEnd = this.#template.textEndIn(chunk);
    if (textEnd !== -1) {
      this.#events += 1;
      this.#keepText(chunk, this.#template.textFrom, textEnd);
      return true;
    }
    const isAfterEvent = this.#frames.isBetweenEvents;
    const before = this.#events;
    this.#deltas = 0;
    this.#texts = 0;
    this.#frames.push(chunk);
    const isOneDelta = this.#deltas === 1 && this.#texts === 1 && this.#events === before + 1;
    if (isOneDelta && isAfterEvent && this.#frames.isBetweenEvents)
      this.#template.learn(chunk, this.#textFrom, this.#textEnd);
    else this.#template.forget();
    return false;
  }

  /** The stream is over, however it ended. */
  end(): void {
    this.#frames.end();
  }

  /** @returns `undefined` where the supplier has reported no usage so far. */
  finish(): Metering | undefined {
    return this.#meter.finish();
  }

  /** As in {@link facts}, for whoever asks at each chunk. */
  get textBytes(): number {
    return this.#textBytes;
  }

  /** As in {@link facts}. */
  get error(): unknown {
    return this.#error;
  }

  facts(): StreamFacts {
    return {
      model: this.#model,
      id: this.#id,
      finishReason: this.#finishReason,
      isDone: this.#isDone || this.#finishReason !== undefined,
      error: this.#error,
      events: this.#events,
      parsedEvents: this.#parsedEvents,
      textBytes: this.#textBytes,
      overflowed: this.#frames.overflowed,
    };
  }

  /** The delivered text (its first 256 KiB): visible text, reasoning and tool arguments. */
  deliveredText(): string {
    const raw = this.#text.toString('utf8', 0, this.#textKept);
    const parsed = parseJson(`"${raw}"`);
    return typeof parsed === 'string' ? parsed : raw;
  }

  #event(name: string | undefined, bytes: Uint8Array, from: number, end: number): void {
    this.#events++;
    if (isDone(bytes, from, end)) {
      this.#isDone = true;
      return;
    }
    if (name === 'message_stop') this.#isDone = true;
    const isFirst = this.#events === 1;
    if (!this.#scanner.scan(bytes, from, end) && !isFirst) {
      if (from > 0) this.#deltas++; // data that was joined of several lines begins at 0, outside the chunk
      return;
    }
    this.#parsedEvents++;
    const json = parseJson(textOfBytes(bytes, from, end));
    if (json === undefined) return;
    this.#meter.event(name, json);
    const message = recordOf(json);
    if (message) this.#note(message);
  }

  #note(event: JsonRecord): void {
    const inner = recordOf(event['response']) ?? recordOf(event['message']) ?? event;
    this.#model = textOf(inner['model']) ?? textOf(inner['modelVersion']) ?? this.#model;
    this.#id ??= textOf(inner['id']) ?? textOf(inner['responseId']);
    const error = event['error'] ?? inner['error'];
    if (error !== undefined && error !== null) this.#error ??= error;
    for (const choice of [...recordsOf(event['choices']), ...recordsOf(event['candidates'])]) {
      this.#finishReason =
        textOf(choice['finish_reason']) ?? textOf(choice['finishReason']) ?? this.#finishReason;
    }
    this.#finishReason = textOf(recordOf(event['delta'])?.['stop_reason']) ?? this.#finishReason;
    const type = textOf(event['type']);
    if (/^(?:response\.(?:completed|incomplete|failed)|message-end|stream-end)$/.test(type ?? ''))
      this.#isDone = true;
  }

  #keepText(bytes: Uint8Array, from: number, end: number): void {
    const length = end - from;
    this.#textBytes += length;
    const kept = this.#textKept;
    if (length === 0 || kept + length > TEXT_BYTES_KEPT_MAX) return;
    if (kept + length > this.#text.length) this.#growText(kept + length);
    const text = this.#text;
    for (let i = 0; i < length; i++) text[kept + i] = bytes[from + i] ?? 0; // a word: cheaper than making a view
    this.#textKept = kept + length;
  }

  /** In memory of its own, since it lasts as long as the stream (see byte-memory.ts). */
  #growText(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(TEXT_BYTES_KEPT_MAX, Math.max(1024, bytes * 2)));
    this.#text.copy(grown, 0, 0, this.#textKept);
    this.#text = grown;
  }
}

function isDone(bytes: Uint8Array, from: number, end: number): boolean {
  return end - from <= DONE.length + 2 && textOfBytes(bytes, from, end).trim() === DONE;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
