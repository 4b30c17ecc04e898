/** JSON of a value whose totals may be `bigint`: those are written as decimal text. */
export function jsonWithBigints(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner),
    indent,
  );
}
