import { parseScaled } from '#base/money.ts';

const EXPONENT = /^(\d+)(?:\.(\d+))?e([+-]\d+)$/;

/**
 * Pico-dollars per unit of a price that a table gives as a JSON number of dollars per `per` units.
 * The number is taken as the shortest decimal text that denotes it, which is what its author wrote;
 * the division is exact or refused.
 * @returns `undefined` where the rate is no whole number of pico-dollars or no finite number.
 */
export function exactRate(dollars: number, per: number): number | undefined {
  if (!Number.isFinite(dollars)) return undefined;
  const negative = dollars < 0;
  const scaled = parseScaled(plainDecimal(Math.abs(dollars)), 24);
  if (scaled === undefined) return undefined;
  // scaled counts 1e-24 dollars; a pico-dollar is 1e-12.
  const divisor = BigInt(per) * 10n ** 12n;
  if (scaled % divisor !== 0n) return undefined;
  const rate = Number(scaled / divisor);
  return Number.isSafeInteger(rate) ? (negative ? -rate : rate) : undefined;
}

/** The shortest decimal text of a number, without an exponent. */
function plainDecimal(value: number): string {
  const text = String(value);
  const match = EXPONENT.exec(text);
  if (match === null) return text;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return digits.padEnd(point, '0');
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}
