import { keptBytes } from '#base/byte-memory.ts';

const NO_BYTES = Buffer.alloc(0);
const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const NULL = 110; // the n of null

/** An envelope is a few hundred bytes; anything longer is no delta. */
const PREFIX_BYTES_MAX = 1024;

/** After so many endings that were all different, no more are kept. */
const SUFFIXES_KEPT_MAX = 8;

/** What the watcher wants to know about a key. */
export type KeyKind =
  /** An object or value that a decoder may need: the event is parsed where it is not null. */
  | 'fact'
  /** A text that stands in every chunk: the event is parsed where it differs from the last one. */
  | 'watched'
  /** Delivered text. */
  | 'text';

interface Key {
  readonly bytes: Uint8Array;
  readonly kind: KeyKind;
  readonly slot: number;
}

type KeyTable = readonly (readonly Key[] | undefined)[];

/** One table for each set of keys: scanners are made by the stream, and sets are few. */
const TABLES = new WeakMap<Readonly<Record<string, KeyKind>>, KeyTable>();

/** The keys by the length of their names. */
function tableOf(keys: Readonly<Record<string, KeyKind>>): KeyTable {
  const known = TABLES.get(keys);
  if (known) return known;
  const table: Key[][] = [];
  for (const [slot, [name, kind]] of Object.entries(keys).entries())
    (table[name.length] ??= []).push({ bytes: Buffer.from(name), kind, slot });
  TABLES.set(keys, table);
  return table;
}

/** Receives the raw bytes (escapes and all) of one delivered text value. */
export type TextSink = (bytes: Uint8Array, from: number, end: number) => void;

/**
 * Looks for keys in JSON bytes without parsing them: one pass that steps from string to string, so
 * that a word inside a content string is never taken for a key. What is no JSON at all merely yields
 * nothing.
 */
export class JsonKeyScanner {
  readonly #byLength: KeyTable;
  readonly #last: (Uint8Array | undefined)[] = [];
  readonly #onText: TextSink;
  /**
   * The bytes of the last unwanted event up to its first text: deltas repeat them, and comparing costs
   * a fraction of scanning. Forgotten where a watched value changes, since they then say something new.
   */
  #prefix = NO_BYTES;
  /** What stood behind that event's only text. An event with the same of both says nothing new. */
  #suffix = NO_BYTES;
  #suffixesKept = 0;

  constructor(keys: Readonly<Record<string, KeyKind>>, onText: TextSink) {
    this.#byLength = tableOf(keys);
    this.#onText = onText;
  }

  /** @returns whether the event must be parsed. */
  scan(data: Uint8Array, begin = 0, end = data.length): boolean {
    let isWanted = false;
    let i = begin;
    let prefixEnd = -1;
    let textEnd = begin;
    const prefix = this.#prefix;
    if (prefix.length > 0 && end - begin > prefix.length && isPrefix(prefix, data, begin)) {
      prefixEnd = begin + prefix.length;
      i = endOfString(data, prefixEnd, end);
      this.#onText(data, prefixEnd, i);
      if (isSuffix(this.#suffix, data, i, end)) return false;
      textEnd = i++;
    }
    let texts = prefixEnd === -1 ? 0 : 1;
    while (i < end) {
      if (data[i] !== QUOTE) {
        i++;
        continue;
      }
      const from = i + 1;
      const stringEnd = endOfString(data, from, end);
      i = stringEnd + 1;
      while (i < end && isSpace(data[i])) i++;
      if (i >= end || data[i] !== COLON) continue;
      const key = this.#keyAt(data, from, stringEnd);
      if (key === undefined) continue;
      i++;
      while (i < end && isSpace(data[i])) i++;
      if (key.kind === 'fact') {
        isWanted ||= i < end && data[i] !== NULL;
      } else if (i < end && data[i] === QUOTE) {
        const valueEnd = endOfString(data, i + 1, end);
        if (key.kind === 'text') {
          this.#onText(data, i + 1, valueEnd);
          texts += 1;
          textEnd = valueEnd;
          if (prefixEnd === -1 && !isWanted) this.#keepPrefix(data, begin, i + 1);
          prefixEnd = i + 1;
        } else if (this.#isNew(key.slot, data, i + 1, valueEnd)) {
          isWanted = true;
          this.#prefix = NO_BYTES;
        }
        i = valueEnd + 1;
      }
    }
    if (!isWanted && texts === 1) this.#keepSuffix(data, textEnd, end);
    return isWanted;
  }

  /** Belongs to the prefix that was kept or matched in the same pass. Some vendors end each event anew. */
  #keepSuffix(data: Uint8Array, from: number, end: number): void {
    if (end - from > PREFIX_BYTES_MAX || this.#suffixesKept >= SUFFIXES_KEPT_MAX) return;
    this.#suffix = keptBytes(data.subarray(from, end));
    this.#suffixesKept += 1;
  }

  #keepPrefix(data: Uint8Array, begin: number, end: number): void {
    if (end - begin > PREFIX_BYTES_MAX) return;
    this.#prefix = keptBytes(data.subarray(begin, end));
    this.#suffix = NO_BYTES;
    this.#suffixesKept = 0;
  }

  #keyAt(data: Uint8Array, from: number, end: number): Key | undefined {
    const keys = this.#byLength[end - from];
    if (keys === undefined) return undefined;
    for (const key of keys) if (isSame(key.bytes, data, from)) return key;
    return undefined;
  }

  #isNew(slot: number, data: Uint8Array, from: number, end: number): boolean {
    const last = this.#last[slot];
    if (last !== undefined && last.length === end - from && isSame(last, data, from)) return false;
    this.#last[slot] = Uint8Array.from(data.subarray(from, end)); // a view would pin the whole chunk
    return true;
  }
}

function isPrefix(prefix: Buffer, data: Uint8Array, from: number): boolean {
  const last = prefix.length - 1;
  if (data[from + last] !== prefix[last]) return false; // most other events end here
  return prefix.compare(data, from, from + prefix.length) === 0;
}

function isSuffix(suffix: Buffer, data: Uint8Array, from: number, end: number): boolean {
  return suffix.length > 0 && suffix.length === end - from && suffix.compare(data, from, end) === 0;
}

function endOfString(data: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && data[i] !== QUOTE) i += data[i] === BACKSLASH ? 2 : 1;
  return Math.min(i, end);
}

function isSame(expected: Uint8Array, data: Uint8Array, from: number): boolean {
  for (let i = 0; i < expected.length; i++) if (expected[i] !== data[from + i]) return false;
  return true;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 10 || byte === 13 || byte === 9;
}
