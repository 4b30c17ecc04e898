import type { Subscriber } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, usd } from '../../ui/figures.ts';
import type { Column } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import type { Customers } from './customer-names.ts';
import { CustomerTable } from './CustomerTable.tsx';

/** So many stand on the page; a result has more of them, and `lab results --detail` prints those. */
const SHOWN_MAX = 100;

/** Everybody whom a change touches: both bills, what happens to their requests, and what they do. */
export function WhoNotices({
  people,
  customers,
}: {
  /** The most harmed first. */
  readonly people: readonly Subscriber[];
  readonly customers: Customers;
}) {
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
      <CustomerTable
        caption={m.lab_notices()}
        rows={people.slice(0, SHOWN_MAX)}
        customers={customers}
        columns={[
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
    </Part>
  );
}

function choiceWords({ choice }: Subscriber): string {
  if (choice === 'stay') return m.lab_does_stay();
  if (choice === 'leave') return m.lab_does_leave();
  return m.lab_does_move({ plan: choice.replace(/^move to /, '') });
}
