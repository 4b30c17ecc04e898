import type { Pool } from 'pg';
import { divideHalfEven, PICO_PER_NANO } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import type { HeardClaim } from '#gateway/supplier-claim.ts';
import { addClaims, type ClaimSums } from './supplier-claims.store.ts';

/** Of one answer: suppliers round what they say; OpenRouter and Perplexity give six decimals of a dollar. */
const ROUNDED: Tolerance = { nanoUsd: 1_000n, perMille: 1n };
/** A million dollars: whoever says more for one answer is not heard. */
const CLAIM_NANO_USD_MAX = 10n ** 15n;

/**
 * Adds up what suppliers say that they charged, beside what was booked, and writes it down now and
 * then. It is evidence of a wrong price or a miscounted unit, and no part of the books.
 */
export class SupplierClaims {
  readonly #pool: Pool;
  #sums = new Map<string, ClaimSums>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  readonly hear = (claim: HeardClaim): void => {
    const { book, supplier, model } = claim;
    const claimed = divideHalfEven(claim.claimedPicoUsd, PICO_PER_NANO);
    if (claimed > CLAIM_NANO_USD_MAX) return;
    const day = utcDay(claim.atMs);
    const key = JSON.stringify([book, day, supplier, model]);
    const sums = this.#sums.get(key);
    const booked = BigInt(claim.bookedNanoUsd);
    this.#sums.set(key, {
      book,
      day,
      supplier,
      model,
      answers: (sums?.answers ?? 0) + 1,
      apart: (sums?.apart ?? 0) + (isApart({ claimed, booked }, ROUNDED) ? 1 : 0),
      claimed: (sums?.claimed ?? 0n) + claimed,
      booked: (sums?.booked ?? 0n) + booked,
    });
  };

  /** Writes down what was heard since the last time. What the store does not take is kept for the next. */
  async write(): Promise<void> {
    const sums = this.#sums;
    this.#sums = new Map();
    try {
      await addClaims(this.#pool, [...sums.values()]);
    } catch (error) {
      for (const [key, kept] of sums) this.#sums.set(key, merged(kept, this.#sums.get(key)));
      throw error;
    }
  }
}

/** How far a claim may be from what was booked: by an amount, and by a share of what was booked. */
export interface Tolerance {
  readonly nanoUsd: bigint;
  readonly perMille: bigint;
}

/** Whether a claim is further from what was booked than both of a tolerance. Nano-dollars. */
export function isApart(
  { claimed, booked }: Pick<ClaimSums, 'claimed' | 'booked'>,
  { nanoUsd, perMille }: Tolerance,
): boolean {
  const apart = claimed > booked ? claimed - booked : booked - claimed;
  return apart > nanoUsd && apart * 1_000n > booked * perMille;
}

function merged(kept: ClaimSums, since: ClaimSums | undefined): ClaimSums {
  if (since === undefined) return kept;
  return {
    ...kept,
    answers: kept.answers + since.answers,
    apart: kept.apart + since.apart,
    claimed: kept.claimed + since.claimed,
    booked: kept.booked + since.booked,
  };
}
