import type { BookName } from '../../src/http/shapes/wire.ts';
import { m } from '../paraglide/messages.js';

export const BOOK_NAMES = ['live', 'test', 'demo'] as const satisfies readonly BookName[];

/** A book as people call it. */
export function bookText(book: BookName): string {
  return { live: m.op_book_live, test: m.op_book_test, demo: m.op_book_demo }[book]();
}
