import type { Admission, HoldRef } from '#admission/admission.ts';
import type { Amounts } from '#plans/decision.ts';

export interface HoldGuardStart {
  readonly admission: Pick<Admission, 'extend' | 'sending'>;
  readonly hold: HoldRef;
  /** The worst case of the request where it puts out at most so many tokens. */
  readonly amounts: (outputTokens: number) => Amounts;
  readonly outputTokensHeld: number;
  readonly outputTokensMax: number;
}

/**
 * Keeps a stream behind its hold. Every token is at least one byte, so bytes of delivered text bound
 * the tokens that were put out; before they pass what is held, the hold is raised, durably.
 */
export class HoldGuard {
  readonly #start: HoldGuardStart;
  #held: number;

  constructor(start: HoldGuardStart) {
    this.#start = start;
    this.#held = start.outputTokensHeld;
  }

  /** Whether so many bytes of text may be passed on. What holds its whole bound always may: the rest is booked as an overrun. */
  covers(textBytes: number): boolean {
    return textBytes <= this.#held || this.#held >= this.#start.outputTokensMax;
  }

  /**
   * Raises the hold so that it covers `textBytes` and as much again, up to the request's bound.
   * @returns false where plan or buckets do not cover it.
   * @throws DomainError `store_unavailable`
   */
  async extend(textBytes: number): Promise<boolean> {
    const { admission, hold, amounts, outputTokensMax } = this.#start;
    const next = Math.min(outputTokensMax, Math.max(this.#held, textBytes) * 2);
    const isGranted = await admission.extend(hold, amounts(next));
    if (isGranted) this.#held = next;
    return isGranted;
  }
}
