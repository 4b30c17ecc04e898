import { DomainError } from '#base/domain-error.ts';

/** Where one member of an object stands in the bytes of a body. */
export interface Member {
  readonly name: string;
  /** Offset of the value's first byte. */
  readonly start: number;
  /** Offset behind the value's last byte. */
  readonly end: number;
}

/** Deeper than any tool schema met in use, far below what overflows a stack. */
export const DEPTH_MAX = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Within so many bytes a loop beats the call of `indexOf`. */
const SHORT_STRING = 64;

/**
 * Maps the members of the object that starts at `from`, in the bytes of a body that `JSON.parse` has
 * accepted. It also refuses what parsing lets pass and what suppliers read differently: a name given
 * twice (parsers differ on which one counts, so a limit could be shown to us and hidden from the
 * supplier) and nesting past {@link DEPTH_MAX}.
 * @throws DomainError `invalid_request` (not an object, repeated name, too deep)
 */
export function mapMembers(bytes: Buffer, from = 0): readonly Member[] {
  let at = skipSpace(bytes, from);
  if (bytes[at] !== OPEN_OBJECT)
    throw new DomainError('invalid_request', 'The request body must be an object.', { field: '' });
  const members: Member[] = [];
  at = skipSpace(bytes, at + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = skipString(bytes, at);
    const name = keyText(bytes, at, keyEnd);
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) break;
    const start = skipSpace(bytes, at + 1);
    const end = skipValue(bytes, start);
    for (const member of members) {
      if (member.name === name)
        throw new DomainError('invalid_request', `\`${name.slice(0, 64)}\` is given twice.`, {
          field: name.slice(0, 64),
        });
    }
    members.push({ name, start, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1);
  }
  return members;
}

/** The span of the value at a path of names, or `undefined` where there is none. */
export function locate(bytes: Buffer, path: readonly string[]): Member | undefined {
  let from = 0;
  let found: Member | undefined;
  for (const name of path) {
    if (bytes[skipSpace(bytes, from)] !== OPEN_OBJECT) return undefined;
    found = mapMembers(bytes, from).find((member) => member.name === name);
    if (found === undefined) return undefined;
    from = found.start;
  }
  return found;
}

function keyText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start + 1, end - 1);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH || code > 0x7e)
      return JSON.parse(bytes.toString('utf8', start, end)) as string;
  }
  return text;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at += 1;
  }
  return at;
}

/**
 * Strings with escapes close together (code, JSON in JSON) are walked, long plain ones are jumped over.
 * @returns the offset behind the closing quote of the string that opens at `from`
 */
function skipString(bytes: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const near = Math.min(bytes.length, at + SHORT_STRING);
    while (at < near) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      at += byte === BACKSLASH ? 2 : 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let slashes = 0;
    while (quote - 1 - slashes >= at && bytes[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from);
  let at = from;
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0;
      if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20) break;
      at += 1;
    }
    return at;
  }
  let depth = 0;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      continue;
    }
    at += 1;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      if (depth >= DEPTH_MAX)
        throw new DomainError(
          'invalid_request',
          `The request body is nested more than ${DEPTH_MAX} deep.`,
          { field: '' },
        );
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return at;
}
