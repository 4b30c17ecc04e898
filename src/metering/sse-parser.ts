/** One dispatched server-sent event. */
export interface SseEvent {
  /** The `event:` field; `undefined` where the event names none. */
  readonly name: string | undefined;
  /** The `data:` lines, joined by line feeds. */
  readonly data: string;
}

/**
 * Receives an event's data as a range of bytes, so that the hot path makes no view of it; the range
 * is only valid until the sink returns.
 */
export type SseSink = (
  name: string | undefined,
  bytes: Uint8Array,
  from: number,
  end: number,
) => void;

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const EMPTY = new Uint8Array(0);
/** A Responses stream repeats the whole output, images included, in its last event. */
const LINE_BYTES_MAX = 32 * 1024 * 1024;

/**
 * An incremental reader of server-sent events (WHATWG HTML, 9.2.6) over byte chunks that are cut
 * anywhere. Lines end in LF, CRLF or CR; a byte order mark, comments and unknown fields are skipped.
 * Lines are found as bytes and decoded whole, so a cut inside a character costs nothing. Unlike a
 * browser it also dispatches a last event that no blank line closes, as vendors leave one out.
 *
 * Unfinished lines are views of the caller's chunks, which must not be written to afterwards.
 * It never throws: an event with a line past `lineBytesMax` is dropped and {@link overflowed} is set.
 */
export class SseFrames {
  readonly #sink: SseSink;
  readonly #lineBytesMax: number;
  /** The start of a line whose end has not come yet, in pieces so that a long one is copied once. */
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  #dropLine = false;
  #dropEvent = false;
  #skipLf = false;
  #atStart = true;
  #name: string | undefined;
  /** The name that came last, as bytes too: streams repeat few names, and decoding costs more than comparing. */
  #lastName = '';
  #lastNameBytes: Uint8Array = EMPTY;
  /** The first line of data, as a range; further lines are rare. */
  #data: Uint8Array | undefined;
  #dataFrom = 0;
  #dataEnd = 0;
  #moreData: Uint8Array[] = [];
  #dataBytes = 0;
  /** True once an event was dropped because it was too long. */
  overflowed = false;

  constructor(sink: SseSink, lineBytesMax = LINE_BYTES_MAX) {
    this.#sink = sink;
    this.#lineBytesMax = lineBytesMax;
  }

  /** True where what was pushed so far ends with an event, and nothing of a next one has come. */
  get isBetweenEvents(): boolean {
    return (
      this.#piecesBytes === 0 &&
      this.#data === undefined &&
      this.#name === undefined &&
      !this.#dropLine &&
      !this.#dropEvent &&
      !this.#skipLf &&
      !this.#atStart
    );
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#skipLf && chunk.length > 0) {
      if (chunk[0] === LF) from = 1;
      this.#skipLf = false;
    }
    // Vendors send no CR inside JSON, so one look tells that only LF matters in this chunk.
    let cr = chunk.indexOf(CR, from);
    let lf = chunk.indexOf(LF, from);
    while (cr !== -1 || lf !== -1) {
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
      this.#endLine(chunk, from, end);
      from = end + 1;
      if (end === cr) {
        if (from === chunk.length) this.#skipLf = true;
        else if (chunk[from] === LF) from++;
        cr = chunk.indexOf(CR, from);
      }
      if (lf !== -1 && lf < from) lf = chunk.indexOf(LF, from);
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The stream is over: what stands unfinished is dispatched. */
  end(): void {
    if (this.#piecesBytes > 0 || this.#dropLine) this.#endLine(EMPTY, 0, 0);
    this.#dispatch();
  }

  #keep(piece: Uint8Array): void {
    if (this.#piecesBytes + piece.length > this.#lineBytesMax) this.#overflow();
    if (this.#dropLine) return;
    this.#pieces.push(piece);
    this.#piecesBytes += piece.length;
  }

  #overflow(): void {
    this.overflowed = true;
    this.#dropLine = true;
    this.#dropEvent = true;
    this.#pieces = [];
    this.#piecesBytes = 0;
  }

  #endLine(chunk: Uint8Array, from: number, end: number): void {
    if (this.#dropLine || this.#piecesBytes + end - from > this.#lineBytesMax) {
      if (!this.#dropLine) this.#overflow();
      this.#dropLine = false;
      this.#atStart = false;
      return;
    }
    if (this.#piecesBytes === 0) {
      this.#line(chunk, from, end);
      return;
    }
    const line = Buffer.concat([...this.#pieces, chunk.subarray(from, end)]);
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#line(line, 0, line.length);
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    if (this.#atStart) {
      this.#atStart = false;
      if (bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) from += 3;
    }
    if (from === end) {
      this.#dispatch();
      return;
    }
    let colon = from;
    while (colon < end && bytes[colon] !== COLON) colon++;
    const length = colon - from;
    const value = bytes[colon + 1] === SPACE ? colon + 2 : colon + 1;
    const valueFrom = Math.min(value, end);
    if (length === 4 && isField(bytes, from, 'data')) this.#addData(bytes, valueFrom, end);
    else if (length === 5 && isField(bytes, from, 'event'))
      this.#name = this.#nameOf(bytes, valueFrom, end);
  }

  #nameOf(bytes: Uint8Array, from: number, end: number): string | undefined {
    const last = this.#lastNameBytes;
    let isSame = last.length === end - from;
    for (let i = 0; isSame && i < last.length; i++) isSame = last[i] === bytes[from + i];
    if (!isSame) {
      this.#lastNameBytes = Uint8Array.from(bytes.subarray(from, end));
      this.#lastName = textOfBytes(bytes, from, end);
    }
    return this.#lastName || undefined;
  }

  #addData(bytes: Uint8Array, from: number, end: number): void {
    this.#dataBytes += end - from;
    if (this.#dataBytes > this.#lineBytesMax) {
      this.overflowed = true;
      this.#dropEvent = true;
      this.#moreData = [];
    } else if (this.#data === undefined) {
      this.#data = bytes;
      this.#dataFrom = from;
      this.#dataEnd = end;
    } else {
      this.#moreData.push(Uint8Array.of(LF), bytes.subarray(from, end));
    }
  }

  #dispatch(): void {
    if (this.#data !== undefined && !this.#dropEvent) {
      if (this.#moreData.length === 0)
        this.#sink(this.#name, this.#data, this.#dataFrom, this.#dataEnd);
      else {
        const joined = Buffer.concat([
          this.#data.subarray(this.#dataFrom, this.#dataEnd),
          ...this.#moreData,
        ]);
        this.#sink(this.#name, joined, 0, joined.length);
      }
    }
    if (this.#moreData.length > 0) this.#moreData = [];
    this.#data = undefined;
    this.#dataBytes = 0;
    this.#dropEvent = false;
    this.#name = undefined;
  }
}

/** As {@link SseFrames}, with events as text: for whoever reads every event. */
export class SseParser {
  #events: SseEvent[] = [];
  readonly #frames: SseFrames;

  constructor(lineBytesMax = LINE_BYTES_MAX) {
    this.#frames = new SseFrames((name, bytes, from, end) => {
      this.#events.push({ name, data: textOfBytes(bytes, from, end) });
    }, lineBytesMax);
  }

  /** True once an event was dropped because it was too long. */
  get overflowed(): boolean {
    return this.#frames.overflowed;
  }

  /** @returns the events that this chunk completed, in order. */
  push(chunk: Uint8Array): readonly SseEvent[] {
    this.#frames.push(chunk);
    return this.#take();
  }

  /** @returns the event that the end of the stream completed, if any. */
  end(): readonly SseEvent[] {
    this.#frames.end();
    return this.#take();
  }

  #take(): readonly SseEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

function isField(bytes: Uint8Array, from: number, field: string): boolean {
  for (let i = 0; i < field.length; i++) if (bytes[from + i] !== field.charCodeAt(i)) return false;
  return true;
}

/** Bytes that are no UTF-8 become replacement characters, never an exception. */
export function textOfBytes(bytes: Uint8Array, from: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('utf8');
}
