import { DomainError } from '#base/domain-error.ts';
import { fieldName, isObject, malformed, type JsonObject, type Path } from '../json-shape.ts';

/** The error for what the other wire format cannot say. */
export function untranslatable(path: Path, why: string): DomainError {
  const field = fieldName(path);
  return new DomainError(
    'untranslatable',
    `\`${field}\` cannot be translated for this model: ${why}.`,
    { field },
  );
}

/**
 * What becomes of each field of an object in a translation. A field that stands nowhere is refused, so
 * that a new parameter is never dropped silently.
 */
export interface FieldTable {
  /** Read by the translation. */
  readonly mapped: readonly string[];
  /** Hints that change neither what is answered nor what it costs the client: left out. */
  readonly hints: readonly string[];
  /** Left out where they hold what the other format does anyway; refused otherwise. */
  readonly neutral: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * Refuses each field that the table does not allow. `null` counts as absent, and so do empty lists,
 * which SDKs put into messages that they send back.
 * @throws DomainError `untranslatable` naming the field
 */
export function checkFields(object: JsonObject, table: FieldTable, path: Path = []): void {
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0))
      continue;
    if (table.mapped.includes(name) || table.hints.includes(name)) continue;
    const neutral = Object.hasOwn(table.neutral, name) ? table.neutral[name] : undefined;
    if (neutral?.some((each) => JSON.stringify(each) === JSON.stringify(value))) continue;
    throw untranslatable(
      [...path, name.slice(0, 64)],
      neutral ? 'only its default has a counterpart' : 'it has no counterpart',
    );
  }
}

/** A table of fields that are all read. */
export function fields(...mapped: readonly string[]): FieldTable {
  return { mapped, hints: [], neutral: {} };
}

/** Where a list stands as a field of a message or body: absent is empty. @throws DomainError `invalid_request` */
export function listOf(value: unknown, ...path: Path): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(path, 'an array');
  return value;
}

/** Reads a tool call's arguments as the object that they must be. @throws DomainError `untranslatable` */
export function argumentsOf(text: unknown, ...path: Path): JsonObject {
  if (typeof text !== 'string') throw malformed(path, 'a string');
  if (text.trim() === '') return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (!isObject(json)) throw untranslatable(path, 'it is no JSON object');
  return json;
}
