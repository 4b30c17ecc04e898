import type { Pool } from 'pg';
import { divideHalfEven } from '#base/money.ts';
import { utcDay } from '#base/utc-day.ts';
import type { HeardClaim } from '#gateway/supplier-claim.ts';
import { addClaims, type ClaimSums } from './supplier-claims.store.ts';

/** Suppliers round what they say; OpenRouter and Perplexity give six decimals of a dollar. */
const ROUNDED_NANO_USD = 1_000n;
/** Further apart than a thousandth of what was booked, and than rounding explains. */
const APART_PER_MILLE = 1n;
const PICO_PER_NANO = 1_000n;
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
      apart: (sums?.apart ?? 0) + (isApart(claimed, booked) ? 1 : 0),
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

function isApart(claimed: bigint, booked: bigint): boolean {
  const apart = claimed > booked ? claimed - booked : booked - claimed;
  return apart > ROUNDED_NANO_USD && apart * 1_000n > booked * APART_PER_MILLE;
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
