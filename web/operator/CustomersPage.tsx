import type { CustomerRow } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { count, dateText } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { Money } from './Figure.tsx';
import { Page } from './Page.tsx';
import { PlanRequests } from './PlanRequests.tsx';
import { useView } from './view.ts';

/** Everybody who buys here, by what they earned us. */
export function CustomersPage() {
  const view = useView();
  return (
    <Page title={m.op_customers()} sentence={m.op_customers_note()}>
      <PlanRequests />
      <RemoteTable<CustomerRow>
        caption={m.op_customers()}
        path="/console/customers"
        query={view.query}
        rowKey={(row) => row.id}
        rowHref={(row) => view.at(`/customers/${row.id}`)}
        firstSort={{ key: 'margin', order: 'asc' }}
        hasSearch
        empty={m.op_no_customers()}
        columns={[
          {
            key: 'name',
            label: m.op_customer(),
            sort: true,
            cell: (row) => (
              <>
                <Link to={view.at(`/customers/${row.id}`)}>{row.name}</Link>
                {row.suspended && <span className="tag">{m.op_suspended()}</span>}
              </>
            ),
          },
          { key: 'plan', label: m.op_plan(), cell: (row) => row.plan ?? m.op_without_plan() },
          {
            key: 'joined',
            label: m.op_joined(),
            isSecond: true,
            sort: true,
            cell: (row) => dateText(row.joinedAtMs),
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
            key: 'revenue',
            label: m.op_revenue(),
            isFigure: true,
            isSecond: true,
            sort: true,
            cell: (row) => <Money nano={row.revenueNanoUsd} />,
          },
          {
            key: 'cost',
            label: m.op_cost(),
            isFigure: true,
            isSecond: true,
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
        ]}
      />
    </Page>
  );
}
