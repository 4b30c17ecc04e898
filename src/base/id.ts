import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

declare const brand: unique symbol;

/**
 * What an id names, with the prefix it is printed with. An id is a UUIDv7 (RFC 9562), so that ids
 * sort by the time of their making; it is printed as `prefix_` and 26 characters of Crockford
 * base32, and stored as `uuid`.
 */
const PREFIXES = {
  customer: 'cus',
  member: 'mem',
  apiKey: 'key',
  operatorKey: 'opk',
  subscription: 'sub',
  planVersion: 'plv',
  priceVersion: 'prv',
  request: 'req',
  transfer: 'trf',
  lot: 'lot',
  process: 'prc',
  incident: 'inc',
  attempt: 'att',
  labResult: 'lab',
  conversation: 'cnv',
  message: 'msg',
  generation: 'gen',
  share: 'shr',
  attachment: 'fil',
  person: 'per',
  invite: 'inv',
  note: 'nte',
  planRequest: 'plr',
  scheduledPlan: 'spl',
  alert: 'alr',
} as const;

export type IdKind = keyof typeof PREFIXES;
/** A printed id, such as `cus_01jd…`. */
export type Id<Kind extends IdKind> = string & { readonly [brand]: Kind };

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const CODES = Buffer.from(ALPHABET, 'latin1');
const HEX = Buffer.from('0123456789abcdef', 'latin1');
/** By character code. */
const VALUES: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code));
  return value < 0 ? undefined : value;
});
const DASH = 0x2d;
const UNDERSCORE = 0x5f;
const UUID_LENGTH = 36;

/**
 * Text is put together in bytes and made a string at once. Joining characters instead leaves a string
 * of as many pieces, about a kilobyte for each id, which lives as long as the id does.
 */
const scratch = Buffer.alloc(64);

/** Mints a new id of a kind. */
export function newId<Kind extends IdKind>(kind: Kind, clock: Clock, random: Random): Id<Kind> {
  const bytes = random.bytes(16);
  writeTimestamp(bytes, clock.nowMs());
  return idFromBytes(kind, bytes);
}

/**
 * An id that is a pure function of a name, for rows that must have the same id wherever they are
 * made from the same input (starter catalogue, seeded demo).
 */
export function namedId<Kind extends IdKind>(kind: Kind, name: string, atMs = 0): Id<Kind> {
  const bytes = new Uint8Array(
    createHash('sha256').update(`${kind}:${name}`).digest().subarray(0, 16),
  );
  writeTimestamp(bytes, atMs);
  return idFromBytes(kind, bytes);
}

function writeTimestamp(bytes: Uint8Array, nowMs: number): void {
  let rest = Math.max(0, Math.floor(nowMs));
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
}

/** The printed id of sixteen bytes. @throws RangeError on any other length. */
export function idFromBytes<Kind extends IdKind>(kind: Kind, bytes: Uint8Array): Id<Kind> {
  if (bytes.length !== 16) throw new RangeError(`an id has 16 bytes, not ${bytes.length}`);
  const prefix = PREFIXES[kind];
  let at = 0;
  for (; at < prefix.length; at++) scratch[at] = prefix.charCodeAt(at);
  scratch[at++] = UNDERSCORE;
  let buffer = 0;
  let bits = 2; // 130 bits of text carry 128 bits of id: the first character holds three bits only
  for (let i = 0; i < 16; i++) {
    buffer = (buffer << 8) | (bytes[i] ?? 0);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      scratch[at++] = CODES[(buffer >> bits) & 31] ?? 0;
    }
    buffer &= (1 << bits) - 1;
  }
  return scratch.toString('latin1', 0, at) as Id<Kind>;
}

/**
 * The canonical UUID text of an id, as the database stores it. Every request passes here several
 * times, hence plain numbers: a `bigint` a character takes many times as long.
 */
export function uuidOf(id: Id<IdKind>): string {
  let at = 0;
  let buffer = 0;
  let bits = -2; // the first character holds three bits only, see idFromBytes
  for (let from = id.indexOf('_') + 1; from < id.length; from++) {
    const digit = VALUES[id.charCodeAt(from)];
    if (digit === undefined || at > UUID_LENGTH) throw new RangeError(`not an id: ${id}`);
    buffer = (buffer << 5) | digit;
    bits += 5;
    while (bits >= 4) {
      bits -= 4;
      if (at === 8 || at === 13 || at === 18 || at === 23) scratch[at++] = DASH;
      scratch[at++] = HEX[buffer >> bits] ?? 0;
      buffer &= (1 << bits) - 1;
    }
  }
  return scratch.toString('latin1', 0, at);
}

/** When the id behind a UUID was made, in milliseconds since 1970: a UUIDv7 begins with it. */
export function mintedAtMs(uuid: string): number {
  return Number.parseInt(uuid.replace('-', '').slice(0, 12), 16);
}

/** The printed id of a database `uuid`. */
export function idFromUuid<Kind extends IdKind>(kind: Kind, uuid: string): Id<Kind> {
  return idFromBytes(kind, Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex')));
}

/** Reads an id from outside; `undefined` where the text is not a well-formed id of that kind. */
export function parseId<Kind extends IdKind>(kind: Kind, text: string): Id<Kind> | undefined {
  const prefix = PREFIXES[kind];
  const pattern = new RegExp(`^${prefix}_[0-7][${ALPHABET}]{25}$`);
  return pattern.test(text) ? (text as Id<Kind>) : undefined;
}
