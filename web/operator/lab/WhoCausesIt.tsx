import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { percent, usd } from '../../ui/figures.ts';
import { Part } from '../Page.tsx';
import type { Customers } from './customer-names.ts';
import { CustomerTable } from './CustomerTable.tsx';

/** The few subscribers who cause nine tenths of what those below the line lose. */
export function WhoCausesIt({
  loss,
  customers,
}: {
  readonly loss: Recommendation['loss'];
  readonly customers: Customers;
}) {
  if (loss.causedBy.length === 0) return null;
  return (
    <Part title={m.lab_who()} note={m.lab_who_note({ share: percent(loss.causedByShare) })}>
      <CustomerTable
        caption={m.lab_who()}
        rows={loss.causedBy}
        customers={customers}
        columns={[
          {
            key: 'cost',
            label: m.lab_cost(),
            isFigure: true,
            isSecond: true,
            cell: (row) => usd(row.cost),
          },
          {
            key: 'margin',
            label: m.lab_margin(),
            isFigure: true,
            cell: (row) => <span className="under">{usd(row.margin)}</span>,
          },
          {
            key: 'share',
            label: m.lab_share_of_loss(),
            isFigure: true,
            cell: (row) => percent(row.shareOfLoss),
          },
        ]}
      />
    </Part>
  );
}
