import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { percent, usd } from '../../ui/figures.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { useCustomers } from './customer-names.ts';
import { CustomerName } from './CustomerName.tsx';
import { FirstRows } from './FirstRows.tsx';

/** The few subscribers who cause nine tenths of what those below the line lose. */
export function WhoCausesIt({ result }: { readonly result: Recommendation }) {
  const { loss, plan } = result;
  const customers = useCustomers(result, plan);
  if (loss.causedBy.length === 0) return null;
  return (
    <Part title={m.lab_who()} note={m.lab_who_note({ share: percent(loss.causedByShare) })}>
      <FirstRows rows={loss.causedBy}>
        {(rows) => (
          <LocalTable
            caption={m.lab_who()}
            rows={rows}
            rowKey={(row) => row.customer}
            rowHref={(row) => customers.pageOf(row.customer)}
            columns={[
              {
                key: 'customer',
                label: m.lab_customer(),
                cell: (row) => <CustomerName id={row.customer} customers={customers} />,
              },
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
        )}
      </FirstRows>
    </Part>
  );
}
