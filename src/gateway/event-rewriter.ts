import { SseFrames } from '#metering/sse-parser.ts';
import { isUsageOnlyChunk, publicModelInEvent } from './wire/declared-edits.ts';
import type { Surface } from './wire/request-facts.ts';
import type { TextTranslator } from './wire/translate/translation.ts';

/** Changes the events of a stream on their way to the client. Bytes in, bytes out, whole events each. */
export interface EventRewriter {
  push(events: Buffer): Buffer | string;
}

export interface EditOptions {
  readonly surface: Surface;
  /** The public name, where the supplier knows the model by another. */
  readonly model: string | undefined;
  /** Whether the usage chunk is to be removed because only we asked for it. */
  readonly stripsUsage: boolean;
}

/** The declared edits of a stream; `undefined` where there are none and the bytes go on as they are. */
export function eventEditor(options: EditOptions): EventRewriter | undefined {
  if (options.model === undefined && !options.stripsUsage) return undefined;
  return new EventEditor(options);
}

const USAGE_KEY = Buffer.from('"usage"');
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;
const DATA = Buffer.from('data:');
const LF = 10;
const CR = 13;

class EventEditor implements EventRewriter {
  readonly #options: EditOptions;

  constructor(options: EditOptions) {
    this.#options = options;
  }

  push(events: Buffer): Buffer {
    if (!this.#mayChange(events)) return events;
    const parts: Buffer[] = [];
    let from = 0;
    let isChanged = false;
    while (from < events.length) {
      const end = eventEnd(events, from);
      const event = events.subarray(from, end);
      const edited = this.#edit(event);
      isChanged ||= edited !== event;
      if (edited) parts.push(edited);
      from = end;
    }
    return isChanged ? Buffer.concat(parts) : events;
  }

  /** Looks at all events of a chunk at once: most chunks need no edit. */
  #mayChange(events: Buffer): boolean {
    if (this.#options.model !== undefined) return true;
    return events.includes(USAGE_KEY) && NO_CHOICES.test(events.toString('latin1'));
  }

  /** @returns the event, changed or not; `undefined` where it is removed. */
  #edit(event: Buffer): Buffer | undefined {
    const data = dataLine(event);
    if (data === undefined) return event;
    const bytes = event.subarray(data.start, data.end);
    const { surface, model, stripsUsage } = this.#options;
    if (stripsUsage && bytes.includes(USAGE_KEY) && isUsageOnlyChunk(parsed(bytes)))
      return undefined;
    if (model === undefined) return event;
    const renamed = publicModelInEvent(surface, bytes, model);
    if (renamed === bytes) return event;
    return Buffer.concat([event.subarray(0, data.start), renamed, event.subarray(data.end)]);
  }
}

/** Puts a translation between the supplier's events and the client's. */
export class EventTranslator implements EventRewriter {
  readonly #translator: TextTranslator;
  readonly #frames: SseFrames;
  #text = '';

  constructor(translator: TextTranslator) {
    this.#translator = translator;
    this.#frames = new SseFrames((_name, bytes, from, end) => {
      this.#text += this.#translator.push(parsed(bytes.subarray(from, end)));
    });
  }

  push(events: Buffer): string {
    this.#text = '';
    this.#frames.push(events);
    return this.#text;
  }

  /** The supplier closed its stream. @returns `undefined` where the answer broke off. */
  end(): string | undefined {
    this.#text = '';
    this.#frames.end();
    const last = this.#translator.end();
    return last === undefined ? undefined : this.#text + last;
  }

  error(error: unknown): string {
    return this.#translator.error(error);
  }

  length(notice: string, usage?: object): string {
    return this.#translator.length(notice, usage);
  }
}

/** The offset behind the blank line that ends the event at `from`. */
function eventEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const lf = bytes.indexOf(LF, at);
    if (lf === -1) return bytes.length;
    const next = bytes[lf + 1] === CR ? lf + 2 : lf + 1;
    if (bytes[next] === LF) return next + 1;
    at = lf + 1;
  }
}

/** Where the event's one `data:` line has its value. Events of several data lines are left as they are. */
function dataLine(event: Buffer): { start: number; end: number } | undefined {
  let from = 0;
  while (from < event.length) {
    const lf = event.indexOf(LF, from);
    const lineEnd = lf === -1 ? event.length : lf;
    if (event.subarray(from, from + DATA.length).equals(DATA)) {
      let start = from + DATA.length;
      if (event[start] === 0x20) start += 1;
      return { start, end: event[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd };
    }
    from = lineEnd + 1;
  }
  return undefined;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    ) as unknown;
  } catch {
    return undefined;
  }
}
