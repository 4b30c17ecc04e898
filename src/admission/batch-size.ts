/** After so many full batches in a row, with more waiting, twice as many may go. */
const FULL_MAX = 8;
/**
 * After a batch smaller than this, the next one is not collected for: few are waiting, they would only
 * wait longer, and there is time for small batches.
 */
const WORTH_COLLECTING = 12;

/**
 * How many requests go into a batch. Few at first: requests that are answered together come back
 * together, and would be prepared, committed and sent on in one clump for ever. In small batches they
 * come apart, and the store commits some while the others are prepared. Where more keep coming than
 * small batches can take, batches grow, since large ones cost less.
 *
 * States: calm → (full batches in a row) → growing …, and back by halves whenever nothing waits.
 */
export class BatchSize {
  readonly #first: number;
  readonly #max: number;
  #urgentMax: number;
  #full = 0;
  #isCrowded = false;

  /** @param max the largest batch there may be */
  constructor({ first, max }: { readonly first: number; readonly max: number }) {
    this.#first = first;
    this.#max = max;
    this.#urgentMax = first;
  }

  /** How many operations that somebody waits for the next batch takes. */
  get urgentMax(): number {
    return this.#urgentMax;
  }

  /** Whether so much comes that a batch is never alone: collecting for the next one saves more than it costs. */
  get isCrowded(): boolean {
    return this.#isCrowded;
  }

  /** A batch is over. @param isMoreDue whether the next one waits already */
  took(urgent: number, isMoreDue: boolean): void {
    this.#isCrowded = isMoreDue && urgent >= WORTH_COLLECTING;
    if (!isMoreDue || urgent < this.#urgentMax) return;
    this.#full += 1;
    if (this.#full < FULL_MAX) return;
    this.#full = 0;
    this.#urgentMax = Math.min(this.#max, 2 * this.#urgentMax);
  }

  /** Nothing is due. */
  idle(): void {
    this.#full = 0;
    this.#urgentMax = Math.max(this.#first, this.#urgentMax >> 1);
  }
}
