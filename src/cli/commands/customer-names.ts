import { DomainError } from '#base/domain-error.ts';
import { type CliContext, withControl } from '../context.ts';

const CUSTOMER_ID = /\bcus_[0-9a-z]{26}\b/g;

/**
 * A text with the name of each customer before their id. Nothing is asked of a book whose customers are
 * known by their names alone, and who is in the book no more keeps the id.
 */
export async function withCustomerNames(
  context: CliContext,
  book: string,
  text: string,
): Promise<string> {
  const ids = [...new Set(text.match(CUSTOMER_ID))];
  if (ids.length === 0) return text;
  const names = await withControl(context, async (client) => {
    const found = new Map<string, string>();
    for (const id of ids) {
      try {
        const { name } = await client.call<{ name: string }>(
          'GET',
          `/customers/${id}?book=${encodeURIComponent(book)}`,
        );
        found.set(id, name);
      } catch (error) {
        if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
      }
    }
    return found;
  });
  return text.replaceAll(CUSTOMER_ID, (id) => {
    const name = names.get(id);
    return name === undefined ? id : `${name} (${id})`;
  });
}
