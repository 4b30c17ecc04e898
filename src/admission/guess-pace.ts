/** Batches that are read under lock after one more wrong guess, at most. */
const PAUSE_MAX = 1024;

/**
 * How often a batch may be written as its accounts are remembered. Each wrong guess costs a round trip,
 * so while other processes write the same accounts the pauses between guesses double.
 */
export class GuessPace {
  #toSkip = 0;
  #pause = 1;

  /** Whether this batch may be a guess. Asked once for each. */
  mayGuess(): boolean {
    if (this.#toSkip === 0) return true;
    this.#toSkip -= 1;
    return false;
  }

  wasRight(): void {
    this.#pause = 1;
  }

  wasWrong(): void {
    this.#pause = Math.min(PAUSE_MAX, this.#pause * 2);
    this.#toSkip = this.#pause;
  }
}
