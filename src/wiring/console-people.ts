import { readCustomersById, searchCustomers } from '#accounts/customer-list.store.ts';
import type { Book } from '#base/book.ts';
import { idFromUuid } from '#base/id.ts';
import type { PlanResult, SubscriberResult } from '#economics/plan-results.ts';
import type { PeriodInput, TableInput } from '#http/console-services.ts';
import type { CustomerRow } from '#http/shapes/customers.ts';
import type { SubscriberRow } from '#http/shapes/plans.ts';
import { readPlansOfCustomers } from '#subscriptions/subscriptions.store.ts';
import { type ConsoleParts, nano, offsetOf, periodOf, planLabel } from './console-parts.ts';
import type { ConsoleResults } from './console-results.ts';

/** By the columns that money is sorted by; margin first where people look for losses. */
function sortResults(
  results: readonly SubscriberResult[],
  { sort, order }: TableInput,
): readonly SubscriberResult[] {
  if (sort === 'margin') return order === 'desc' ? results.toReversed() : results;
  const value = ({ revenue, cost, requests }: SubscriberResult): number =>
    sort === 'revenue' ? revenue : sort === 'cost' ? cost : requests;
  const sign = order === 'asc' ? 1 : -1;
  return results.toSorted((a, b) => sign * (value(a) - value(b)));
}

/** Subscribers of one plan. */
export async function subscriberPage(
  { pool }: ConsoleParts,
  book: Book,
  result: PlanResult,
  plan: string,
  table: TableInput,
) {
  let chosen = sortResults(
    result.sorted,
    table.sort === 'name' ? { ...table, sort: 'margin' } : table,
  );
  if (table.q !== undefined || table.sort === 'name') {
    const found = await searchCustomers(pool, {
      book,
      text: table.q,
      sort: 'name',
      order: table.order ?? 'asc',
    });
    const places = placesOf(found.rows);
    chosen = chosen.filter(({ customer }) => places.has(customer));
    if (table.sort === 'name') chosen = inPlace(chosen, places);
  }
  const offset = offsetOf(table.after);
  const rows = chosen.slice(offset, offset + table.limit);
  const names = await readCustomersById(
    pool,
    book,
    rows.map(({ customer }) => uuidOfHex(customer)),
  );
  const end = offset + rows.length;
  return {
    rows: rows.map((row): SubscriberRow => ({
      customerId: idFromUuid('customer', row.customer),
      name: names.get(uuidOfHex(row.customer))?.name ?? '(erased)',
      plan,
      requests: row.requests,
      tokensIn: row.tokensIn,
      tokensOut: row.tokensOut,
      revenueNanoUsd: nano(row.revenue),
      costNanoUsd: nano(row.cost),
      marginNanoUsd: nano(row.revenue - row.cost),
    })),
    total: chosen.length,
    next: end < chosen.length ? String(end) : null,
  };
}

/** Where each customer stands in a list, by the digits of their uuid. */
const placesOf = (uuids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(uuids.map((id, index) => [id.replaceAll('-', ''), index]));

const inPlace = (
  results: readonly SubscriberResult[],
  places: ReadonlyMap<string, number>,
): readonly SubscriberResult[] =>
  results.toSorted((a, b) => (places.get(a.customer) ?? 0) - (places.get(b.customer) ?? 0));

function uuidOfHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Customers of all plans, or of one. */
export async function customerPage(
  parts: ConsoleParts,
  read: ConsoleResults,
  input: PeriodInput & { readonly plan?: string | undefined },
  table: TableInput,
) {
  const { pool, plans } = parts;
  const { book } = input;
  const results = await read.results(book, periodOf(input, parts.clock.nowMs()));
  const byCustomer = mergeResults(results, input.plan);
  const offset = offsetOf(table.after);
  const byList = table.sort === 'name' || table.sort === 'joined';
  /** The list itself is the table; else it only says who is in it, and in which order. */
  const isList = byList && input.plan === undefined;
  const listed =
    byList || table.q !== undefined
      ? await searchCustomers(pool, {
          book,
          text: table.q,
          sort: table.sort === 'name' ? 'name' : 'joined',
          order: table.order ?? (table.sort === 'name' ? 'asc' : 'desc'),
          ...(isList && { offset, limit: table.limit }),
        })
      : undefined;
  let ids: readonly string[];
  let total: number;
  if (isList && listed) {
    ids = listed.rows;
    total = listed.total;
  } else {
    const places = listed && placesOf(listed.rows);
    const found = [...byCustomer.values()].filter(
      ({ customer }) => places === undefined || places.has(customer),
    );
    const chosen =
      byList && places
        ? inPlace(found, places)
        : sortResults(
            found.toSorted((a, b) => a.revenue - a.cost - (b.revenue - b.cost)),
            table,
          );
    total = chosen.length;
    ids = chosen.slice(offset, offset + table.limit).map(({ customer }) => uuidOfHex(customer));
  }
  const [people, subscribed] = await Promise.all([
    readCustomersById(pool, book, ids),
    readPlansOfCustomers(pool, book, ids),
  ]);
  const end = offset + ids.length;
  return {
    rows: ids.map((id): CustomerRow => {
      const person = people.get(id);
      const sums = byCustomer.get(id.replaceAll('-', ''));
      const version = subscribed.get(id);
      const { revenue = 0, cost = 0 } = sums ?? {};
      return {
        id: idFromUuid('customer', id),
        name: person?.name ?? '(erased)',
        email: person?.email ?? null,
        plan: version === undefined ? null : planLabel(plans, version),
        joinedAtMs: person?.created_at.getTime() ?? 0,
        suspended: person?.suspended ?? false,
        requests: sums?.requests ?? 0,
        revenueNanoUsd: nano(revenue),
        costNanoUsd: nano(cost),
        marginNanoUsd: nano(revenue - cost),
      };
    }),
    total,
    next: end < total ? String(end) : null,
  };
}

/** Customers over all plans that they were on. */
function mergeResults(
  results: ReadonlyMap<string, PlanResult>,
  only: string | undefined,
): ReadonlyMap<string, SubscriberResult> {
  const merged = new Map<string, SubscriberResult>();
  for (const [plan, result] of results) {
    if (only !== undefined && plan !== only) continue;
    for (const row of result.all()) {
      const known = merged.get(row.customer);
      if (known === undefined) merged.set(row.customer, { ...row });
      else {
        known.requests += row.requests;
        known.revenue += row.revenue;
        known.cost += row.cost;
      }
    }
  }
  return merged;
}
