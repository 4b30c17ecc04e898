/** A sum of whole numbers, exact also past the safe integers: what cannot overflow is added as numbers. */
export class ExactSum {
  #total = 0n;
  #part = 0;

  add(amount: number): void {
    const next = this.#part + amount;
    if (Number.isSafeInteger(next)) this.#part = next;
    else {
      this.#total += BigInt(this.#part);
      this.#part = amount;
    }
  }

  get value(): bigint {
    return this.#total + BigInt(this.#part);
  }
}

/** {@link ExactSum} of a whole column. */
export function exactSum(values: Float64Array): bigint {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.value;
}
