/** How figures are printed. */

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function fixedMs(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
