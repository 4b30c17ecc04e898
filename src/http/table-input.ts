import { z } from 'zod';
import { bookField } from './fields.ts';
import type { PeriodInput, TableInput } from './console-services.ts';

const ROWS_MAX = 1_000;
/** A file may be longer than a page on the screen. */
const CSV_ROWS_MAX = 100_000;

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
    limit: z.coerce.number().int().min(1).max(CSV_ROWS_MAX).optional(),
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

export function tableInput(input: TableFields): TableInput {
  const isFile = input.format === 'csv';
  return {
    sort: input.sort,
    order: input.order,
    q: input.q === '' ? undefined : input.q,
    limit: Math.min(input.limit ?? (isFile ? CSV_ROWS_MAX : 50), isFile ? CSV_ROWS_MAX : ROWS_MAX),
    after: input.after,
  };
}
