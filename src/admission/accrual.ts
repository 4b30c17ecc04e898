import { nanoUsd, type NanoUsd, scaleHalfEven, subtractNano } from '#base/money.ts';

const DAY_MS = 86_400_000;

/** A price that is earned evenly over a span of time. */
export interface AccrualTerms {
  readonly priceNanoUsd: number;
  readonly accruedNanoUsd: number;
  readonly fromMs: number;
  /** Exclusive. */
  readonly endMs: number;
  readonly accruedToMs: number;
}

/** What one UTC day earned. */
export interface DayAccrual {
  /** An instant of the day. */
  readonly atMs: number;
  readonly amountNanoUsd: NanoUsd;
}

/**
 * What is earned from where accrual stands up to an instant, day by day: each part is the difference
 * of rounded cumulatives, so that the parts of a whole span sum to its price to the nano-dollar.
 */
export function accrue(terms: AccrualTerms, toMs: number): readonly DayAccrual[] {
  const endMs = Math.min(toMs, terms.endMs);
  const days: DayAccrual[] = [];
  let atMs = terms.accruedToMs;
  let earned = nanoUsd(terms.accruedNanoUsd);
  while (atMs < endMs) {
    const next = Math.min(endMs, (Math.floor(atMs / DAY_MS) + 1) * DAY_MS);
    const cumulative = earnedAt(terms, next);
    days.push({ atMs, amountNanoUsd: subtractNano(cumulative, earned) });
    earned = cumulative;
    atMs = next;
  }
  return days;
}

/**
 * What {@link accrue} comes to in all, without going through the days.
 * @param countedFromMs the parts of days that begin before it are not counted
 */
export function accrueInAll(
  terms: AccrualTerms,
  toMs: number,
  countedFromMs: number,
): { readonly accruedNanoUsd: number; readonly countedNanoUsd: number } {
  const endMs = Math.min(toMs, terms.endMs);
  const { accruedToMs } = terms;
  if (accruedToMs >= endMs) return { accruedNanoUsd: terms.accruedNanoUsd, countedNanoUsd: 0 };
  const accruedNanoUsd = earnedAt(terms, endMs);
  if (accruedToMs >= countedFromMs)
    return { accruedNanoUsd, countedNanoUsd: accruedNanoUsd - terms.accruedNanoUsd };
  const firstMs = Math.ceil(countedFromMs / DAY_MS) * DAY_MS;
  const before = firstMs < endMs ? earnedAt(terms, firstMs) : accruedNanoUsd;
  return { accruedNanoUsd, countedNanoUsd: accruedNanoUsd - before };
}

function earnedAt(terms: AccrualTerms, atMs: number): NanoUsd {
  return scaleHalfEven(nanoUsd(terms.priceNanoUsd), {
    numerator: atMs - terms.fromMs,
    denominator: terms.endMs - terms.fromMs,
  });
}

/** The price of the rest of a period, for a change of plan in its midst. */
export function priceOfRest(
  priceNanoUsd: NanoUsd,
  rest: { restMs: number; wholeMs: number },
): NanoUsd {
  const { restMs, wholeMs } = rest;
  return scaleHalfEven(priceNanoUsd, { numerator: Math.max(0, restMs), denominator: wholeMs });
}
