/**
 * Money, in integers only.
 *
 * One US dollar is 1,000,000,000 nano-dollars ({@link NanoUsd}). Rates are integer pico-dollars per
 * unit ({@link PicoUsd}), so that $0.0025 per million tokens (2,500 pUSD a token) is exact. What a
 * request costs is summed in picos and rounded once, to nanos, by a rounding that has a name.
 *
 * Every operation on money that can round or overflow lives in this file.
 */

declare const brand: unique symbol;

/** Nano-dollars; always a safe integer, so at most about ±$9,007,199. */
export type NanoUsd = number & { readonly [brand]: 'NanoUsd' };
/** Nano-dollars without an upper bound, for totals over many accounts; `numeric` in SQL. */
export type NanoUsdTotal = bigint & { readonly [brand]: 'NanoUsdTotal' };
/** Pico-dollars: the unit of rates and of sums before their one rounding. */
export type PicoUsd = bigint & { readonly [brand]: 'PicoUsd' };

export const NANO_PER_USD = 1_000_000_000;
export const PICO_PER_NANO = 1000n;

/** @throws RangeError where `value` is no safe integer: a programmer's error, never a user's. */
export function nanoUsd(value: number): NanoUsd {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`not an exact nano-dollar amount: ${value}`);
  return (value === 0 ? 0 : value) as NanoUsd;
}

export const ZERO_USD = 0 as NanoUsd;

/** @throws RangeError where the sum leaves the safe integers. */
export function addNano(a: NanoUsd, b: NanoUsd): NanoUsd {
  return nanoUsd(a + b);
}

/** @throws RangeError where the difference leaves the safe integers. */
export function subtractNano(a: NanoUsd, b: NanoUsd): NanoUsd {
  return nanoUsd(a - b);
}

export function totalNano(value: bigint): NanoUsdTotal {
  return value as NanoUsdTotal;
}

export function picoUsd(value: bigint): PicoUsd {
  return value as PicoUsd;
}

/** Integer division that rounds half to even; `divisor` must be positive. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const { quotient, remainder } = floorDivide(dividend, divisor);
  const twice = remainder * 2n;
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) return quotient + 1n;
  return quotient;
}

/** Integer division that rounds towards plus infinity; `divisor` must be positive. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  const { quotient, remainder } = floorDivide(dividend, divisor);
  return remainder === 0n ? quotient : quotient + 1n;
}

function floorDivide(dividend: bigint, divisor: bigint): { quotient: bigint; remainder: bigint } {
  if (divisor <= 0n) throw new RangeError(`divisor must be positive: ${divisor}`);
  let quotient = dividend / divisor;
  let remainder = dividend % divisor;
  if (remainder < 0n) {
    quotient -= 1n;
    remainder += divisor;
  }
  return { quotient, remainder };
}

/** The one rounding of a booked amount: picos to nanos, half to even. */
export function roundHalfEven(picos: PicoUsd): NanoUsd {
  return nanoUsd(Number(divideHalfEven(picos, PICO_PER_NANO)));
}

/**
 * As {@link roundHalfEven}, for a sum that is known to be a non-negative safe integer of picos: the
 * hot path's rounding, without `bigint`.
 * @throws RangeError on any other number.
 */
export function roundHalfEvenSafe(picos: number): NanoUsd {
  const { quotient, remainder } = splitPicos(picos);
  const up = remainder > 500 || (remainder === 500 && quotient % 2 === 1);
  return (up ? quotient + 1 : quotient) as NanoUsd;
}

/** As {@link roundUp}, for a non-negative safe integer of picos. @throws RangeError on any other number. */
export function roundUpSafe(picos: number): NanoUsd {
  const { quotient, remainder } = splitPicos(picos);
  return (remainder === 0 ? quotient : quotient + 1) as NanoUsd;
}

/** Subtracting the remainder first keeps the division exact: near 2^53, `picos / 1000` alone may round up. */
function splitPicos(picos: number): { quotient: number; remainder: number } {
  if (!Number.isSafeInteger(picos) || picos < 0)
    throw new RangeError(`not an exact sum of picos: ${picos}`);
  const remainder = picos % 1000;
  return { quotient: (picos - remainder) / 1000, remainder };
}

/** The rounding of a bound (quotes, holds): picos to nanos, never below the exact amount. */
export function roundUp(picos: PicoUsd): NanoUsd {
  return nanoUsd(Number(divideUp(picos, PICO_PER_NANO)));
}

/**
 * `amount × numerator / denominator`, rounded half to even: mark-ups, proration, accrual.
 * @throws RangeError on a denominator that is not positive or a result past the safe integers.
 */
export function scaleHalfEven(
  amount: NanoUsd,
  ratio: { numerator: number; denominator: number },
): NanoUsd {
  if (ratio.numerator === ratio.denominator && ratio.denominator > 0) return amount;
  return nanoUsd(
    Number(divideHalfEven(BigInt(amount) * BigInt(ratio.numerator), BigInt(ratio.denominator))),
  );
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Reads a decimal number of dollars, such as `"20"`, `"0.0025"` or `"-1.5"`, exactly.
 * @returns nano-dollars, or `undefined` where the text is no plain decimal, has more than nine
 *   decimals, or leaves the safe integers.
 */
export function parseUsd(text: string): NanoUsd | undefined {
  const scaled = parseScaled(text, 9);
  if (scaled === undefined) return undefined;
  const value = Number(scaled);
  return Number.isSafeInteger(value) ? nanoUsd(value) : undefined;
}

/** As {@link parseUsd}, in pico-dollars (twelve decimals). */
export function parsePicoUsd(text: string): PicoUsd | undefined {
  const scaled = parseScaled(text, 12);
  return scaled === undefined ? undefined : picoUsd(scaled);
}

/** Reads a plain decimal as an integer scaled by `10 ** decimals`; `undefined` where it is not exact. */
export function parseScaled(text: string, decimals: number): bigint | undefined {
  const match = DECIMAL.exec(text.trim());
  if (!match) return undefined;
  const [, sign, whole, fraction = ''] = match;
  const trimmed = fraction.replace(/0+$/, '');
  if (trimmed.length > decimals) return undefined;
  const magnitude = BigInt(whole + trimmed.padEnd(decimals, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

/**
 * Prints an amount exactly, with at least two decimals and as many more as it needs:
 * `$20.00`, `$0.00042`, `-$1.50`, `$1,234.00`.
 */
export function formatUsd(amount: NanoUsd | NanoUsdTotal | bigint): string {
  const value = BigInt(amount);
  const magnitude = value < 0n ? -value : value;
  const dollars = (magnitude / BigInt(NANO_PER_USD)).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = (magnitude % BigInt(NANO_PER_USD))
    .toString()
    .padStart(9, '0')
    .replace(/0+$/, '')
    .padEnd(2, '0');
  return `${value < 0n ? '-' : ''}$${dollars}.${fraction}`;
}

/** Prints an amount rounded to cents for reports, where the exact figure stands beside it in JSON. */
export function formatUsdCents(amount: NanoUsd | NanoUsdTotal | bigint): string {
  const cents = divideHalfEven(BigInt(amount), BigInt(NANO_PER_USD / 100));
  return formatUsd(cents * BigInt(NANO_PER_USD / 100));
}
