import type { PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import type { AuditDifference, HeldRequest, HoldBytes } from './audit.ts';

interface HoldColumns extends HoldBytes {
  customer: string;
  held: number;
}

/** The open holds of every account are exactly its admitted decisions without an event. */
export async function auditHolds(
  client: PoolClient,
  book: Book,
  readHolds: (columns: HoldBytes) => readonly HeldRequest[],
): Promise<{ readonly open: number; readonly differences: readonly AuditDifference[] }> {
  const differences: AuditDifference[] = [];
  const differ = (subject: string, expected: string, found: string): void => {
    differences.push({ check: 'holds', subject, expected, found });
  };
  const accounts = await client.query<HoldColumns>(
    'SELECT customer, held, holds, hold_notes FROM account WHERE book = $1 AND (octet_length(holds) > 0 OR held <> 0)',
    [book],
  );
  const open = await client.query<{ customer: string; request: string }>(
    `SELECT d.customer, d.request FROM decision d
      WHERE d.book = $1 AND d.class_served IS NOT NULL
        AND NOT EXISTS (SELECT FROM usage_event e
                         WHERE e.book = $1 AND e.customer = d.customer AND e.id = d.request)`,
    [book],
  );
  const owed = new Set(open.rows.map(({ customer, request }) => `${customer} ${request}`));
  let count = 0;
  for (const row of accounts.rows) {
    const { customer, held } = row;
    let amount = 0;
    for (const hold of readHolds(row)) {
      count += 1;
      amount += hold.amount;
      const subject = `hold ${hold.request} of ${customer}`;
      if (!owed.delete(`${customer} ${hold.request}`)) {
        differ(subject, 'an admitted decision without an event', 'none');
      }
    }
    if (amount !== held) differ(`held money of ${customer}`, String(amount), String(held));
  }
  for (const key of owed) differ(`decision ${key}`, 'an event or an open hold', 'neither');
  return { open: count, differences };
}
