import type { ClaimRow } from '../../src/http/shapes/suppliers.ts';
import type { Page as Rows } from '../../src/http/shapes/wire.ts';
import { m } from '../paraglide/messages.js';
import { count, numberOf, percent } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Failure } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { LocalTable } from '../ui/Table.tsx';
import { Money } from './Figure.tsx';
import { Part } from './Page.tsx';
import { useView } from './view.ts';

/** What suppliers say that they charged, where they say it. */
export function SupplierClaims() {
  const view = useView();
  const { data, error, reload } = useRemote<Rows<ClaimRow>>(
    `/console/supplier-claims${queryOf(view.query)}`,
  );
  if (error && !data) return <Failure error={error} onAgain={reload} />;
  if (!data || data.rows.length === 0) return null;
  return (
    <Part title={m.op_claims()} note={m.op_claims_note()}>
      <LocalTable
        caption={m.op_claims()}
        rows={data.rows}
        rowKey={(row) => `${row.supplier}/${row.model}`}
        csvHref={`/api/console/supplier-claims${queryOf({ ...view.query, format: 'csv' })}`}
        firstSort={{ key: 'difference', order: 'desc' }}
        columns={[
          {
            key: 'supplier',
            label: m.op_supplier(),
            isSecond: true,
            sort: (row) => row.supplier,
            cell: (row) => (
              <Link
                to={view.at('/ledger', { tab: 'postings', account: `payable:${row.supplier}` })}
              >
                {row.supplier}
              </Link>
            ),
          },
          {
            key: 'model',
            label: m.op_model(),
            sort: (row) => row.model,
            cell: (row) => (
              <>
                <code>{row.model}</code>
                <span className="only-narrow faint">{row.supplier}</span>
              </>
            ),
          },
          {
            key: 'answers',
            label: m.op_claims_answers(),
            isFigure: true,
            isSecond: true,
            sort: (row) => row.answers,
            cell: (row) => count(row.answers),
          },
          {
            key: 'apart',
            label: m.op_claims_apart(),
            isFigure: true,
            sort: (row) => row.apart / row.answers,
            cell: (row) => percent(row.apart / row.answers),
          },
          {
            key: 'claimed',
            label: m.op_claims_said(),
            isFigure: true,
            sort: (row) => numberOf(row.claimedNanoUsd),
            cell: (row) => <Money nano={row.claimedNanoUsd} />,
          },
          {
            key: 'booked',
            label: m.op_claims_booked(),
            isFigure: true,
            sort: (row) => numberOf(row.bookedNanoUsd),
            cell: (row) => <Money nano={row.bookedNanoUsd} />,
          },
          {
            key: 'difference',
            label: m.op_claims_difference(),
            isFigure: true,
            isSecond: true,
            sort: (row) => Math.abs(differenceOf(row)),
            cell: (row) => <Money nano={differenceOf(row)} />,
          },
        ]}
      />
    </Part>
  );
}

function differenceOf({ claimedNanoUsd, bookedNanoUsd }: ClaimRow): number {
  return numberOf(claimedNanoUsd) - numberOf(bookedNanoUsd);
}
