/** Not a lot: what `bought` credits owe below zero. */
export const DEBT = 0;
/** Not a lot: metered overage, billed after the period. */
export const OVERAGE = 1;
/** Numbers of lots begin here. */
export const FIRST_LOT = 2;

/** Who pays how much of one request, in the order of the waterfall. Reused, not remade. */
export class PaymentParts {
  count = 0;
  totalNanoUsd = 0;
  /** Number of the lot, or {@link DEBT} or {@link OVERAGE}. */
  readonly lots: number[] = [];
  readonly amounts: number[] = [];

  /** What lots and the debt of `bought` pay of it; the rest is overage. */
  get ofCreditsNanoUsd(): number {
    let overage = 0;
    for (let i = 0; i < this.count; i++)
      if (this.lots[i] === OVERAGE) overage += this.amounts[i] ?? 0;
    return this.totalNanoUsd - overage;
  }

  clear(): void {
    this.count = 0;
    this.totalNanoUsd = 0;
  }

  /** Adds to the part of a lot, or appends one. */
  add(lot: number, amountNanoUsd: number): void {
    this.totalNanoUsd += amountNanoUsd;
    for (let i = 0; i < this.count; i++) {
      if (this.lots[i] !== lot) continue;
      this.amounts[i] = (this.amounts[i] ?? 0) + amountNanoUsd;
      return;
    }
    this.lots[this.count] = lot;
    this.amounts[this.count] = amountNanoUsd;
    this.count++;
  }

  copyFrom(other: PaymentParts): void {
    this.count = other.count;
    this.totalNanoUsd = other.totalNanoUsd;
    for (let i = 0; i < other.count; i++) {
      this.lots[i] = other.lots[i] ?? 0;
      this.amounts[i] = other.amounts[i] ?? 0;
    }
  }
}
