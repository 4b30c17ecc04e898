import type { PostingRow } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import type { Column } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import type { View } from './view.ts';

export function postingColumns(view: View): readonly Column<PostingRow>[] {
  return [
    { key: 'at', label: m.op_at(), sort: true, cell: (row) => moment(row.atMs) },
    {
      key: 'kind',
      label: m.op_kind(),
      cell: (row) =>
        row.requestId === null ? (
          row.kind
        ) : (
          <Link to={view.at(`/events/${row.requestId}`)}>{row.kind}</Link>
        ),
    },
    { key: 'debit', label: m.op_debit(), cell: (row) => <code>{row.debit}</code> },
    { key: 'credit', label: m.op_credit(), cell: (row) => <code>{row.credit}</code> },
    {
      key: 'amount',
      label: m.op_amount(),
      isFigure: true,
      cell: (row) => <Money nano={row.amountNanoUsd} />,
    },
  ];
}
