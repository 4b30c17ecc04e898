import { countText } from '#base/count-text.ts';
import { formatUsd } from '#base/money.ts';
import type { Audit } from '#ledger/audit.ts';

/** An audit as a person reads it: a line for each book, then what does not add up. */
export function auditText(audit: Audit): string {
  const lines = audit.books.flatMap(({ book, ok, figures, differences, differenceCounts }) => {
    const found = Object.values(differenceCounts).reduce((sum, count) => sum + count, 0);
    return [
      `${ok ? 'ok  ' : 'FAIL'}  ${book}: ${countText(figures.accounts, 'account')}, ${countText(figures.decisions, 'decision')}, ` +
        `${countText(figures.events, 'usage event')}, ${countText(figures.transfers, 'transfer')}, ${countText(figures.openHolds, 'open hold')}; ` +
        `cost ${formatUsd(figures.cost)}, charge ${formatUsd(figures.charge)}` +
        (found > 0 ? `; ${countText(found, 'difference')}` : ''),
      ...differences.map(
        ({ check, subject, expected, found: value }) =>
          `      ${check}: ${subject}: expected ${expected}, found ${value}`,
      ),
    ];
  });
  return [
    ...lines,
    audit.ok
      ? `The books add up: postings sum to zero, balances equal the log, rollups equal the events.`
      : `The books do not add up. Nothing was changed; see the lines above.`,
  ].join('\n');
}
