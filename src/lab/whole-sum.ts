/** A sum of whole numbers, past the safe integers where they must. */
export class WholeSum {
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
