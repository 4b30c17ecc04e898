import { keptBytes } from '#base/byte-memory.ts';
import { isObject } from './json-shape.ts';
import { locate, mapMembers, type Member } from './body-map.ts';
import type { Surface } from './request-facts.ts';

/**
 * The edits that a request may receive on its way to a supplier of the same wire format. Everything
 * else goes out byte for byte: order, spelling of numbers, unknown parameters, white space.
 * `docs/declared-edits.md` lists them.
 */
export interface RequestEdits {
  /** The supplier's name of the model, where it is not the public one. */
  readonly model?: string;
  /** Ask for the usage chunk of a chat completions stream. */
  readonly includeUsage?: boolean;
  /** Lower the output limit to this many tokens; a lower one of the client's stays. */
  readonly outputTokensMax?: number;
  /** Where the client set no limit: the field that the supplier reads it from. */
  readonly outputLimitField?: string;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Applies the edits to the bytes of a request whose members were mapped. Spliced, never re-serialised:
 * `JSON.stringify(JSON.parse(body))` would change what 1.0, 1e400, −0 and numbers past 2^53 say.
 * @param members from `mapMembers(body)`, which every request passes for its checks
 * @returns the same buffer where nothing changes
 * @throws DomainError `invalid_request` where `stream_options` repeats a name
 */
export function editRequest(body: Buffer, members: readonly Member[], edits: RequestEdits): Buffer {
  const splices: Splice[] = [];
  const added: string[] = [];
  if (edits.model !== undefined)
    setMember(splices, added, members, 'model', JSON.stringify(edits.model));
  if (edits.includeUsage === true) askForUsage(body, members, splices, added);
  if (edits.outputTokensMax !== undefined)
    lowerLimit(body, members, {
      splices,
      added,
      max: edits.outputTokensMax,
      field: edits.outputLimitField,
    });
  if (added.length > 0) {
    const end = members.at(-1)?.end;
    if (end === undefined)
      throw new Error('invariant broken: an inspected body has at least one member');
    splices.push({ start: end, end, text: `,${added.join(',')}` });
  }
  return applySplices(body, splices);
}

function setMember(
  splices: Splice[],
  added: string[],
  members: readonly Member[],
  name: string,
  text: string,
): void {
  const member = members.find((each) => each.name === name);
  if (member) splices.push({ start: member.start, end: member.end, text });
  else added.push(`${JSON.stringify(name)}:${text}`);
}

function askForUsage(
  body: Buffer,
  members: readonly Member[],
  splices: Splice[],
  added: string[],
): void {
  const options = members.find((member) => member.name === 'stream_options');
  if (options === undefined || body[options.start] !== 0x7b) {
    setMember(splices, added, members, 'stream_options', '{"include_usage":true}');
    return;
  }
  const inner = mapMembers(body, options.start);
  const flag = inner.find((member) => member.name === 'include_usage');
  if (flag) splices.push({ start: flag.start, end: flag.end, text: 'true' });
  else
    splices.push({
      start: options.start + 1,
      end: options.start + 1,
      text: `"include_usage":true${inner.length > 0 ? ',' : ''}`,
    });
}

const LIMIT_FIELDS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'];

/** Every limit that is set is lowered, so that it does not matter which one a supplier obeys. */
function lowerLimit(
  body: Buffer,
  members: readonly Member[],
  {
    splices,
    added,
    max,
    field,
  }: { splices: Splice[]; added: string[]; max: number; field: string | undefined },
): void {
  let isSet = false;
  for (const member of members) {
    if (!LIMIT_FIELDS.includes(member.name)) continue;
    const value = Number(body.toString('latin1', member.start, member.end)); // `null` reads as NaN
    if (Number.isNaN(value)) continue;
    isSet = true;
    if (value > max) splices.push({ start: member.start, end: member.end, text: String(max) });
  }
  if (!isSet && field !== undefined) setMember(splices, added, members, field, String(max));
}

function applySplices(body: Buffer, splices: Splice[]): Buffer {
  if (splices.length === 0) return body;
  splices.sort((a, b) => a.start - b.start);
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of splices) {
    parts.push(body.subarray(at, start), Buffer.from(text));
    at = end;
  }
  parts.push(body.subarray(at));
  return keptBytes(...parts);
}

const BODY_MODEL = [['model']];
const EVENT_MODEL: Readonly<Record<Surface, readonly (readonly string[])[]>> = {
  'openai-chat': [['model']],
  'openai-embeddings': [['model']],
  'openai-responses': [['response', 'model']],
  'anthropic-messages': [['message', 'model']],
};

/**
 * Puts the public model name into a response body, where the supplier knows it by another. An answer
 * that names no model, or names it by no string, is left alone; so is one that cannot be mapped.
 */
export function publicModelInBody(body: Buffer, model: string): Buffer {
  return withModel(body, BODY_MODEL, model);
}

/** As {@link publicModelInBody}, for the `data:` bytes of one stream event. */
export function publicModelInEvent(surface: Surface, data: Buffer, model: string): Buffer {
  return withModel(data, EVENT_MODEL[surface], model);
}

function withModel(bytes: Buffer, paths: readonly (readonly string[])[], model: string): Buffer {
  if (!bytes.includes('"model"')) return bytes;
  try {
    for (const path of paths) {
      const member = locate(bytes, path);
      if (member && bytes[member.start] === 0x22)
        return applySplices(bytes, [
          { start: member.start, end: member.end, text: JSON.stringify(model) },
        ]);
    }
  } catch {
    // A supplier's odd JSON (a name twice, absurd depth) is forwarded as it came.
  }
  return bytes;
}

/**
 * True for the last chunk of a chat completions stream that exists only to carry usage: no choices, and
 * a usage object. It is removed where only we asked for it.
 */
export function isUsageOnlyChunk(chunk: unknown): boolean {
  return (
    isObject(chunk) &&
    Array.isArray(chunk['choices']) &&
    chunk['choices'].length === 0 &&
    isObject(chunk['usage'])
  );
}
