import type { Subscriber } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, usd } from '../../ui/figures.ts';
import { type Column, LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { type Named, useCustomers } from './customer-names.ts';
import { CustomerName } from './CustomerName.tsx';
import { FirstRows } from './FirstRows.tsx';

/** So many stand on the page; a result has more of them, and `lab results --detail` prints those. */
const SHOWN_MAX = 100;

/** Everybody whom a change touches: both bills, what happens to their requests, and what they do. */
export function WhoNotices({
  named,
  plan,
  people,
}: {
  readonly named: Named;
  readonly plan: string;
  /** The most harmed first. */
  readonly people: readonly Subscriber[];
}) {
  const customers = useCustomers(named, plan);
  if (people.length === 0) return null;
  /** A column of requests that meet something new; none where nobody's do. */
  const figure = (
    key: 'newlyRefused' | 'newlyFellBack' | 'newlySlowed',
    label: string,
  ): readonly Column<Subscriber>[] =>
    people.every((each) => each[key] === 0)
      ? []
      : [{ key, label, isFigure: true, isSecond: true, cell: (row) => count(row[key]) }];
  return (
    <Part
      title={m.lab_notices()}
      note={
        people.length > SHOWN_MAX
          ? m.lab_notices_first({ count: count(SHOWN_MAX), all: count(people.length) })
          : m.lab_notices_note()
      }
    >
      <FirstRows rows={people.slice(0, SHOWN_MAX)}>
        {(rows) => (
          <LocalTable
            caption={m.lab_notices()}
            rows={rows}
            rowKey={(row) => row.customer}
            rowHref={(row) => customers.pageOf(row.customer)}
            columns={[
              {
                key: 'customer',
                label: m.lab_customer(),
                cell: (row) => <CustomerName id={row.customer} customers={customers} />,
              },
              { key: 'choice', label: m.lab_does(), isShort: true, cell: choiceWords },
              {
                key: 'before',
                label: m.lab_bill_today(),
                isFigure: true,
                cell: (row) => usd(row.billBefore),
              },
              {
                key: 'after',
                label: m.lab_bill_changed(),
                isFigure: true,
                cell: (row) => usd(row.billAfter),
              },
              ...figure('newlyRefused', m.lab_newly_refused()),
              ...figure('newlyFellBack', m.lab_newly_other()),
              ...figure('newlySlowed', m.lab_newly_slow()),
            ]}
          />
        )}
      </FirstRows>
    </Part>
  );
}

function choiceWords({ choice }: Subscriber): string {
  if (choice === 'stay') return m.lab_does_stay();
  if (choice === 'leave') return m.lab_does_leave();
  return m.lab_does_move({ plan: choice.replace(/^move to /, '') });
}
