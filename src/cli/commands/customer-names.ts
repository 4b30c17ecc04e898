import { DomainError } from '#base/domain-error.ts';
import { type CliContext, withControl } from '../context.ts';

const CUSTOMER_ID = /\bcus_[0-9a-z]{26}\b/g;

/** How a customer is called where people read: "Ada (cus_…)", or the id alone. */
export type CustomerNames = (id: string) => string;

/** The ids of customers that stand in a text. */
export const customersIn = (text: string): readonly string[] => text.match(CUSTOMER_ID) ?? [];

/** Asks who some customers are. Who is in the book no more keeps the id. */
export async function readCustomerNames(
  context: CliContext,
  book: string,
  ids: readonly string[],
): Promise<CustomerNames> {
  const names = new Map<string, string>();
  await withControl(context, async (client) => {
    for (const id of new Set(ids)) {
      try {
        const path = `/customers/${id}?book=${encodeURIComponent(book)}`;
        names.set(id, (await client.call<{ name: string }>('GET', path)).name);
      } catch (error) {
        if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
      }
    }
  });
  return (id) => (names.has(id) ? `${names.get(id)} (${id})` : id);
}

/** A text with the name of each customer before their id. */
export const withCustomerNames = (text: string, nameOf: CustomerNames): string =>
  text.replaceAll(CUSTOMER_ID, nameOf);
