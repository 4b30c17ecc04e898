/**
 * The place of each value among all, from the smallest on; equal values keep their order. Sorts numbers
 * and not objects, which of a million is a tenth of the work.
 */
export function ranksOf(values: readonly number[]): Uint32Array {
  const sorted = Float64Array.from(values).sort();
  const ranks = new Uint32Array(values.length);
  /** By place of the first of equal values: how many of them have theirs. */
  const taken = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    const equal = taken[low] ?? 0;
    ranks[i] = low + equal;
    taken[low] = equal + 1;
  }
  return ranks;
}
