/** A parsed JSON object. Vendors put anything anywhere, so nothing about its fields is believed. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object; `undefined` for anything else (arrays, null, scalars). */
export function recordOf(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : undefined;
}

/** The value as a list; empty for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects in a list; empty for anything else. */
export function recordsOf(value: unknown): readonly JsonRecord[] {
  const records: JsonRecord[] = [];
  for (const entry of listOf(value)) {
    const record = recordOf(entry);
    if (record) records.push(record);
  }
  return records;
}

/** The value as non-empty text; `undefined` for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Nesting that no usage object has; deeper input is hostile and is not followed. */
const MERGE_DEPTH_MAX = 4;

/**
 * The later of two reports of the same usage, field by field: what the later one leaves out, sets to
 * null or to zero keeps its last value. Usage in streams is cumulative, so nothing is ever added here
 * and no count falls: a zero after a count is of a server that reports its input once, or of a proxy
 * that closes the stream with a usage of its own.
 */
export function laterUsage(
  earlier: JsonRecord | undefined,
  later: JsonRecord,
  depth = 0,
): JsonRecord {
  if (earlier === undefined) return later;
  const merged = new Map<string, unknown>(Object.entries(earlier));
  for (const [field, value] of Object.entries(later)) {
    if (value === null || value === undefined) continue;
    if (value === 0 && typeof merged.get(field) === 'number') continue;
    const before = recordOf(merged.get(field));
    const after = recordOf(value);
    merged.set(
      field,
      before && after && depth < MERGE_DEPTH_MAX ? laterUsage(before, after, depth + 1) : value,
    );
  }
  return Object.fromEntries(merged);
}
