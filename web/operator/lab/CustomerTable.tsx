import { m } from '../../paraglide/messages.js';
import { type Column, LocalTable } from '../../ui/Table.tsx';
import type { Customers } from './customer-names.ts';
import { CustomerName } from './CustomerName.tsx';
import { FirstRows } from './FirstRows.tsx';

/** Customers of a result, a row each that opens their page; a long table shows its first rows at first. */
export function CustomerTable<Row extends { readonly customer: string }>({
  caption,
  rows,
  customers,
  columns,
}: {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly customers: Customers;
  /** Behind the customer's name. */
  readonly columns: readonly Column<Row>[];
}) {
  return (
    <FirstRows rows={rows}>
      {(shown) => (
        <LocalTable
          caption={caption}
          rows={shown}
          rowKey={(row) => row.customer}
          rowHref={(row) => customers.pageOf(row.customer)}
          columns={[
            {
              key: 'customer',
              label: m.lab_customer(),
              cell: (row) => <CustomerName id={row.customer} customers={customers} />,
            },
            ...columns,
          ]}
        />
      )}
    </FirstRows>
  );
}
