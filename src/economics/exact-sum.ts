/** Exact also past the safe integers: batches that cannot overflow are added as numbers. */
export function exactSum(values: Float64Array): bigint {
  let total = 0n;
  let batch = 0;
  for (const value of values) {
    if (Math.abs(batch + value) > Number.MAX_SAFE_INTEGER) {
      total += BigInt(batch);
      batch = 0;
    }
    batch += value;
  }
  return total + BigInt(batch);
}
