/**
 * What the simulator can do wrong, each as some vendor does it. Written as a name with up to two
 * arguments after colons: `status:503`, `silence-mid-stream:500`.
 *
 * | name | arguments | what happens |
 * |---|---|---|
 * | `split-utf8`, `split-event` | | writes end inside characters or events, and go on |
 * | `cut-utf8`, `cut-event` | | the answer ends cleanly inside a character or event |
 * | `no-usage` | | usage is nowhere |
 * | `usage-twice` | | the event with the usage comes twice (Groq) |
 * | `usage-cumulative` | | every delta carries the usage so far (Perplexity) |
 * | `usage-negative`, `usage-absurd` | | counts that cannot be |
 * | `error-200` | | status 200 with an error object as the body |
 * | `error-mid-stream` | | an error object after half of the events, then the end |
 * | `silence-before-headers`, `silence-after-headers`, `silence-mid-stream` | ms | nothing more is sent; with a duration it goes on afterwards |
 * | `status` | code, error code | an error answer; 429 and 529 carry `retry-after` and `retry-after-ms` |
 * | `malformed-json` | | JSON that does not parse, in the body or in an event |
 * | `empty-body` | | the right head and no byte |
 * | `wrong-content-type` | | an HTML type over a right answer |
 * | `reset-before-headers`, `reset-after-headers`, `reset-mid-stream` | | the connection is reset |
 * | `slow-drip` | ms between pieces | a few bytes at a time |
 * | `huge-event` | bytes | one event (or body) padded to this size, 1 MiB if not said |
 * | `trailing-data` | | another event after the end |
 * | `missing-done` | | the stream's last event is left out |
 * | `duplicate-events` | | every delta comes twice, billed once |
 * | `redirect` | | 307 to an address that counts who follows |
 * | `gzip` | | compressed, asked or not |
 * | `over-limit` | factor | more output than was asked for, 2 times if not said |
 * | `header-flood` | count | this many more headers, 200 if not said (beyond Node's own limit of bytes) |
 * | `other-model` | name | the answer names another model |
 * | `bill-after-abort` | | goes on generating, and billing, after the client has gone |
 * | `crlf` | | lines end in CR LF |
 * | `comments` | | keep-alive comments between events |
 */
export const MISBEHAVIOURS = [
  'split-utf8',
  'split-event',
  'cut-utf8',
  'cut-event',
  'no-usage',
  'usage-twice',
  'usage-cumulative',
  'usage-negative',
  'usage-absurd',
  'error-200',
  'error-mid-stream',
  'silence-before-headers',
  'silence-after-headers',
  'silence-mid-stream',
  'status',
  'malformed-json',
  'empty-body',
  'wrong-content-type',
  'reset-before-headers',
  'reset-after-headers',
  'reset-mid-stream',
  'slow-drip',
  'huge-event',
  'trailing-data',
  'missing-done',
  'duplicate-events',
  'redirect',
  'gzip',
  'over-limit',
  'header-flood',
  'other-model',
  'bill-after-abort',
  'crlf',
  'comments',
] as const;

export type MisbehaviourName = (typeof MISBEHAVIOURS)[number];

/** A misbehaviour with its arguments, as text. */
export type MisbehaviourText =
  | MisbehaviourName
  | `${MisbehaviourName}:${string | number}`
  | `${MisbehaviourName}:${number}:${string}`;

export interface Misbehaviour {
  readonly name: MisbehaviourName;
  /** The first argument as it was written. */
  readonly argument: string | undefined;
  readonly detail: string | undefined;
}

/** Reads a misbehaviour; `undefined` where the text names none. */
export function parseMisbehaviour(text: string): Misbehaviour | undefined {
  const [name, argument, detail] = text.trim().split(':', 3);
  const known = MISBEHAVIOURS.find((each) => each === name);
  return known && { name: known, argument, detail };
}

/** The first argument as a number, or what stands in for it. */
export function numberArgument(misbehaviour: Misbehaviour, otherwise: number): number {
  const number = Number(misbehaviour.argument ?? otherwise);
  return Number.isFinite(number) ? number : otherwise;
}
