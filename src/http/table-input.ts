import { z } from 'zod';
import { bookField } from './fields.ts';
import type { PeriodInput, TableInput } from './console-services.ts';

const ROWS = 50;
const ROWS_MAX = 1_000;
/** A file has all rows; it is read in pages of so many. */
const FILE_PAGE = 5_000;

const dayField = z.iso.date();

/** The days that a console answer obeys: both or none; `to` is exclusive. Absent: the last 30 days. */
export const periodFields = {
  book: bookField,
  from: dayField.optional(),
  to: dayField.optional(),
};

export interface PeriodFields {
  readonly book: PeriodInput['book'];
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function periodInput(input: PeriodFields): PeriodInput {
  return {
    book: input.book,
    ...(input.from !== undefined && { fromDay: input.from }),
    ...(input.to !== undefined && { toDay: input.to }),
  };
}

/** What every table takes: `sort` (a column), `order`, `q` (a search), `limit`, `after`, `format`. */
export function tableFields<const Column extends string>(columns: readonly [Column, ...Column[]]) {
  return {
    sort: z.enum(columns).default(columns[0]),
    order: z.enum(['asc', 'desc']).optional(),
    q: z.string().trim().max(200).optional(),
    limit: z.coerce.number().int().min(1).optional(),
    after: z.string().max(200).optional(),
    format: z.enum(['json', 'csv']).default('json'),
  };
}

export interface TableFields {
  readonly sort: string;
  readonly order?: 'asc' | 'desc' | undefined;
  readonly q?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
  readonly format: 'json' | 'csv';
}

/**
 * @param isWhole where the rows are sorted in memory and a later page could be of another order: then a file
 *   is read as one page
 */
export function tableInput(
  input: TableFields,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): TableInput {
  const isFile = input.format === 'csv';
  const most = !isFile ? ROWS_MAX : isWhole ? Number.MAX_SAFE_INTEGER : FILE_PAGE;
  return {
    sort: input.sort,
    order: input.order,
    q: input.q === '' ? undefined : input.q,
    limit: Math.min(input.limit ?? (isFile ? most : ROWS), most),
    after: input.after,
  };
}
