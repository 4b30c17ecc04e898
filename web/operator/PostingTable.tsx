import type { PostingRow } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { momentSeconds } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { usePlace } from '../ui/place.ts';
import { NEWEST_FIRST, RemoteTable } from '../ui/RemoteTable.tsx';
import { Money } from './Figure.tsx';
import { FilterChips } from './FilterChips.tsx';
import { accountText, kindText } from './server-words.ts';
import { useView } from './view.ts';

/** The journal: each line takes from one account and gives to another. */
export function PostingTable({
  path,
  hasCustomer,
}: {
  readonly path: string;
  readonly hasCustomer: boolean;
}) {
  const view = useView();
  const { query } = usePlace();
  const account = query.get('account') ?? undefined;
  return (
    <RemoteTable<PostingRow>
      caption={m.op_postings()}
      path={path}
      query={{ ...view.query, account }}
      rowKey={(row) => `${row.customerId}.${row.seq}.${row.line}`}
      firstSort={NEWEST_FIRST}
      empty={m.op_no_postings()}
      filters={
        account && (
          <FilterChips
            names={['account']}
            text={(_, name) => accountText(name, query.get('version'))}
          />
        )
      }
      columns={[
        { key: 'at', label: m.op_when(), sort: true, cell: (row) => momentSeconds(row.atMs) },
        ...(hasCustomer
          ? [
              {
                key: 'customer',
                label: m.op_customer(),
                isSecond: true,
                cell: (row: PostingRow) => (
                  <Link to={view.at(`/customers/${row.customerId}`)}>
                    <code>{row.customerId.slice(-8)}</code>
                  </Link>
                ),
              },
            ]
          : []),
        { key: 'kind', label: m.op_kind(), isSecond: true, cell: (row) => kindText(row.kind) },
        {
          key: 'debit',
          label: m.op_debit(),
          cell: (row) => <Account name={row.debit} plan={row.plan} />,
        },
        {
          key: 'credit',
          label: m.op_credit(),
          cell: (row) => <Account name={row.credit} plan={row.plan} />,
        },
        {
          key: 'amount',
          label: m.op_amount(),
          isFigure: true,
          cell: (row) => <Money nano={row.amountNanoUsd} />,
        },
        {
          key: 'request',
          label: m.op_request(),
          isSecond: true,
          cell: (row) =>
            row.requestId && (
              <Link to={view.at(`/events/${row.requestId}`)}>
                <code>{row.requestId.slice(-8)}</code>
              </Link>
            ),
        },
      ]}
    />
  );
}

/** A ledger account in words; its name in the books on pointing at it. */
export function Account({ name, plan }: { readonly name: string; readonly plan: string | null }) {
  return <span title={name}>{accountText(name, plan)}</span>;
}
