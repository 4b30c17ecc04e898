import type { DecisionRow } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { countShort, moment } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import type { Column } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import type { View } from './view.ts';

/** What came of a decision, in a few words. */
export function verdictText(row: DecisionRow): string {
  if (row.classServed === null) return m.op_refused_by({ gate: row.gate ?? row.reason ?? '' });
  if (row.outcome === null) return m.op_running();
  if (row.classServed !== row.classAsked) return m.op_fell_back_to({ name: row.classServed });
  return row.outcome;
}

export function decisionColumns(view: View): readonly Column<DecisionRow>[] {
  return [
    {
      key: 'at',
      label: m.op_at(),
      sort: true,
      cell: (row) => <Link to={view.at(`/events/${row.requestId}`)}>{moment(row.atMs)}</Link>,
    },
    { key: 'model', label: m.op_model(), cell: (row) => row.model ?? row.modelAsked },
    { key: 'verdict', label: m.op_verdict(), cell: verdictText },
    {
      key: 'tokens',
      label: m.op_tokens(),
      isFigure: true,
      isSecond: true,
      cell: (row) =>
        row.tokensIn === null || row.tokensOut === null
          ? ''
          : m.op_in_out({ in: countShort(row.tokensIn), out: countShort(row.tokensOut) }),
    },
    {
      key: 'charge',
      label: m.op_charge(),
      isFigure: true,
      isSecond: true,
      cell: (row) => (row.chargeNanoUsd === null ? '' : <Money nano={row.chargeNanoUsd} />),
    },
    {
      key: 'cost',
      label: m.op_cost(),
      isFigure: true,
      cell: (row) => (row.costNanoUsd === null ? '' : <Money nano={row.costNanoUsd} />),
    },
  ];
}
