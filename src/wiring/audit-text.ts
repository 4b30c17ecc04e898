import { formatUsd } from '#base/money.ts';
import type { Audit } from '#ledger/audit.ts';

/** An audit as a person reads it: a line for each book, then what does not add up. */
export function auditText(audit: Audit): string {
  const lines = audit.books.flatMap(({ book, ok, figures, differences, differenceCounts }) => {
    const found = Object.values(differenceCounts).reduce((sum, count) => sum + count, 0);
    return [
      `${ok ? 'ok  ' : 'FAIL'}  ${book}: ${figures.accounts} accounts, ${figures.decisions} decisions, ` +
        `${figures.events} usage events, ${figures.transfers} transfers, ${figures.openHolds} open holds; ` +
        `cost ${formatUsd(figures.cost)}, charge ${formatUsd(figures.charge)}` +
        (found > 0 ? `; ${found} differences` : ''),
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
