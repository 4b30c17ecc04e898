import { Link } from '../../ui/Link.tsx';
import type { Customers } from './customer-names.ts';

/** One customer in a table: by name where it is known, and as a way to their page. */
export function CustomerName({
  id,
  customers: { nameOf, pageOf },
}: {
  readonly id: string;
  readonly customers: Customers;
}) {
  const page = pageOf(id);
  const name = nameOf(id) ?? <code>{id}</code>;
  return page === undefined ? name : <Link to={page}>{name}</Link>;
}
