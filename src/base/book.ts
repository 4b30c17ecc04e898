/**
 * The first part of every key. `live` is billed; `test` is what test keys do and is never billed;
 * `demo` is generated and can be dropped whole. A report reads one book.
 */
export const BOOKS = ['live', 'test', 'demo'] as const;
export type Book = (typeof BOOKS)[number];
