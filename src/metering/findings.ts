/** More findings than this say nothing new; the rest of a hostile body is dropped. */
const FINDINGS_MAX = 24;
const FINDING_CHARS_MAX = 160;

/**
 * What a decoder met and could not turn into units: a count that is no count, a detail larger than
 * its total, a field that nobody has described to us. Each becomes part of an incident, so that a
 * vendor's change of shape is seen on the day it happens and not on the bill.
 */
export class Findings {
  readonly #texts = new Set<string>();

  add(text: string): void {
    if (this.#texts.size < FINDINGS_MAX) this.#texts.add(text.slice(0, FINDING_CHARS_MAX));
  }

  /** The distinct findings in the order they were met; `undefined` where there are none. */
  list(): readonly string[] | undefined {
    return this.#texts.size === 0 ? undefined : [...this.#texts];
  }
}
