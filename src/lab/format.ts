import { formatUsd, formatUsdCents, nanoUsd } from '#base/money.ts';

/** `$200`, `$0.50`: exact, without cents that are nothing. */
export function formatDollars(nano: number): string {
  return formatUsd(nanoUsd(Math.round(nano))).replace(/\.00$/, '');
}

/** `−$7,069.12`, rounded to cents, with a minus sign. */
export function formatMoney(nano: number | bigint): string {
  const value = typeof nano === 'bigint' ? nano : BigInt(Math.round(nano));
  return formatUsdCents(value).replace('-', '−');
}

/** `12.4%`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1).replace('-', '−').replace(/\.0$/, '')}%`;
}

export const formatCount = (count: number): string => count.toLocaleString('en');
