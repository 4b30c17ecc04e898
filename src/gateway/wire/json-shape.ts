import { DomainError } from '#base/domain-error.ts';

/** A JSON object as `JSON.parse` makes it: only own keys are ever read from it. */
export type JsonObject = { readonly [key: string]: unknown };

/** True for a JSON object; false for arrays, `null` and scalars. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a value stands, built only when something is wrong: the hot path never joins strings. */
export type Path = readonly (string | number)[];

/** Prints a path the way vendors name fields: `messages[2].content[0].image_url`. */
export function fieldName(path: Path): string {
  let name = '';
  for (const step of path) {
    if (typeof step === 'number') name += `[${step}]`;
    else name += name === '' ? step : `.${step}`;
  }
  return name;
}

/** The error for a body whose shape is wrong. */
export function malformed(path: Path, expected: string): DomainError {
  const field = fieldName(path);
  const what = field === '' ? 'The request body' : `\`${field}\``;
  return new DomainError('invalid_request', `${what} must be ${expected}.`, { field });
}

/** The error for a parameter or tool that costs money which no price bounds. */
export function unpriced(path: Path, why: string): DomainError {
  const field = fieldName(path);
  return new DomainError('unpriced_parameter', `\`${field}\` is not offered here: ${why}.`, {
    field,
  });
}

/** @throws DomainError `invalid_request` where the body is no JSON object. */
export function requireObject(value: unknown, ...path: Path): JsonObject {
  if (!isObject(value)) throw malformed(path, 'an object');
  return value;
}

/** @throws DomainError `invalid_request` where the value is no array. */
export function requireArray(value: unknown, ...path: Path): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, 'an array');
  return value;
}

/** @throws DomainError `invalid_request` where the value is no string. */
export function requireString(value: unknown, ...path: Path): string {
  if (typeof value !== 'string') throw malformed(path, 'a string');
  return value;
}

/** `null` counts as absent, as with every vendor. @throws DomainError `invalid_request` on a non-boolean. */
export function optionalBoolean(body: JsonObject, name: string, parent: Path = []): boolean {
  const value = body[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw malformed([...parent, name], 'a boolean');
  return value;
}

/** `null` counts as absent. @throws DomainError `invalid_request` on a non-string. */
export function optionalString(
  body: JsonObject,
  name: string,
  parent: Path = [],
): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw malformed([...parent, name], 'a string');
  return value;
}

/** `null` counts as absent. @throws DomainError `invalid_request` unless a safe integer of at least `min`. */
export function optionalCount(
  body: JsonObject,
  name: string,
  min: number,
  parent: Path = [],
): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw malformed([...parent, name], `an integer of at least ${min}`);
  }
  return value;
}

/** `null` counts as absent. @throws DomainError `invalid_request` on anything but an array. */
export function optionalArray(
  body: JsonObject,
  name: string,
  parent: Path = [],
): readonly unknown[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw malformed([...parent, name], 'an array');
  return value;
}

/** `null` counts as absent. @throws DomainError `invalid_request` on anything but an object. */
export function optionalObject(
  body: JsonObject,
  name: string,
  parent: Path = [],
): JsonObject | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw malformed([...parent, name], 'an object');
  return value;
}

/** True where a parameter is asked for: present, and neither `null` nor `false`. */
export function isAsked(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}
