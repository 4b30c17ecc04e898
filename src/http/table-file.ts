import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';
import { csvHead, csvLines } from './csv.ts';
import type { Route, RouteCall } from './route.ts';
import { type PageRead, pagesOf, type PlaceInTable } from './table-pages.ts';
import { textResponse } from './text-response.ts';

type Row = Readonly<Record<string, unknown>>;
/** So many are written at once: others' requests come in between. */
const LINES = 1_000;

/**
 * The table that a route answers with as a CSV file, to its last row; whoever reads slowly makes the reading
 * slow. A fault in the middle breaks the connection off, so that nobody takes half a file for all of it.
 * @throws DomainError whatever the route throws for the first page; `invalid_request` where it is no table
 */
export function tableFile(route: Route, call: RouteCall<unknown>): Promise<Response> {
  const input = (call.input ?? {}) as Partial<PlaceInTable>;
  const read = async (place: PlaceInTable): Promise<PageRead<Row>> => {
    const answer = await route.run({ ...call, input: { ...input, ...place } });
    if (Array.isArray((answer as Partial<PageRead<Row>> | null)?.rows))
      return answer as PageRead<Row>;
    throw new DomainError('invalid_request', 'format: this answer is no table.', {
      field: 'format',
    });
  };
  const name = route.path.split('/').findLast((part) => part !== '' && !part.startsWith(':'));
  return textResponse(csvText(columnsOf(route), pagesOf(read, input)), {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name ?? 'table'}.csv"`,
  });
}

async function* csvText(
  known: readonly string[] | undefined,
  pages: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  let columns = known;
  let isBegun = false;
  for await (const rows of pages) {
    columns ??= [...new Set(rows.flatMap((row) => Object.keys(row)))];
    if (!isBegun) yield csvHead(columns);
    isBegun = true;
    for (let at = 0; at < rows.length; at += LINES)
      yield csvLines(columns, rows.slice(at, at + LINES));
  }
}

/** What the shape of its answer says that a row has. */
function columnsOf({ output }: Route): readonly string[] | undefined {
  const rows = output instanceof z.ZodObject ? output.shape['rows'] : undefined;
  const row = rows instanceof z.ZodArray ? rows.element : undefined;
  return row instanceof z.ZodObject ? Object.keys(row.shape) : undefined;
}
