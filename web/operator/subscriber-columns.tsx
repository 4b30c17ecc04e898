import type { SubscriberRow } from '../../src/http/shapes/plans.ts';
import { m } from '../paraglide/messages.js';
import { count, countShort } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import type { Column } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import type { View } from './view.ts';

export function subscriberColumns(view: View): readonly Column<SubscriberRow>[] {
  return [
    {
      key: 'name',
      label: m.op_subscriber(),
      sort: true,
      cell: (row) => <Link to={view.at(`/customers/${row.customerId}`)}>{row.name}</Link>,
    },
    {
      key: 'requests',
      label: m.op_requests(),
      isFigure: true,
      isSecond: true,
      sort: true,
      cell: (row) => count(row.requests),
    },
    {
      key: 'tokens',
      label: m.op_tokens(),
      isFigure: true,
      isSecond: true,
      cell: (row) => m.op_in_out({ in: countShort(row.tokensIn), out: countShort(row.tokensOut) }),
    },
    {
      key: 'revenue',
      label: m.op_revenue(),
      isFigure: true,
      sort: true,
      cell: (row) => <Money nano={row.revenueNanoUsd} />,
    },
    {
      key: 'cost',
      label: m.op_cost(),
      isFigure: true,
      sort: true,
      cell: (row) => <Money nano={row.costNanoUsd} />,
    },
    {
      key: 'margin',
      label: m.op_margin(),
      isFigure: true,
      sort: true,
      cell: (row) => <Money nano={row.marginNanoUsd} isMargin />,
    },
  ];
}
