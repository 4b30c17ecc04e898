import type { SubscriberRow } from '../../../src/http/shapes/plans.ts';
import type { Page } from '../../../src/http/shapes/wire.ts';
import { addDays } from '../../ui/figures.ts';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { useView } from '../view.ts';
import { isImported } from './imported.ts';

/** Whom a result is about. */
interface Named {
  readonly book: string;
  readonly fromDay: string;
  readonly toDay: string;
}

/** How many of a plan's subscribers are asked for by name: those who earn least. */
const NAMES_MAX = 200;

/** Customers of a result by their ids: their names where they are still in the book, and their pages. */
export interface Customers {
  readonly nameOf: (customer: string) => string | undefined;
  readonly pageOf: (customer: string) => string | undefined;
}

/** Asks who is on a plan. */
export function useCustomers({ book, fromDay, toDay }: Named, plan: string): Customers {
  const view = useView();
  const { data } = useRemote<Page<SubscriberRow>>(
    isImported(book)
      ? undefined
      : `/console/plans/${encodeURIComponent(plan)}/subscribers${queryOf({ book, from: fromDay, to: addDays(toDay, 1), sort: 'margin', limit: NAMES_MAX })}`,
  );
  return {
    nameOf: (customer) => data?.rows.find(({ customerId }) => customerId === customer)?.name,
    // Customers of imported use are known by their names in the file alone.
    pageOf: (customer) => (isImported(book) ? undefined : view.at(`/customers/${customer}`)),
  };
}
