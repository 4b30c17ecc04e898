import { z } from 'zod';
import { IMPORTED_BOOK, type ImportedBook, isImported } from '#lake/import/import-book.ts';
import { SEPARABLE } from '#lake/import/import-fields.ts';
import { DomainError } from '#base/domain-error.ts';
import { route, type Route } from '../route.ts';
import type { LongWork } from '../services.ts';

/** A book that the lake alone has, such as `import:march`. */
export const importedBookField = z.custom<ImportedBook>(
  (value) => typeof value === 'string' && IMPORTED_BOOK.test(value),
  'a book of imported use is import: and then a name of small letters, digits and dashes',
);

const names = z.record(z.string().max(200), z.string().max(200)).default({});

/** Usage from elsewhere, for the lab alone. */
export const labImportRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/lab/imports',
    // It reads any file that the server may read.
    role: 'owner',
    summary:
      'Takes usage from files on the server into a book that the lab alone has; streams its progress, then what was understood.',
    streams: true,
    input: z.object({
      book: importedBookField,
      files: z.array(z.string().min(1).max(4000)).min(1).max(1000),
      /** Field to column. */
      map: names,
      separate: z.array(z.enum(SEPARABLE)).default([]),
      plan: z.string().min(1).max(40).optional(),
      /** Name in the file to model of the catalogue. */
      models: names,
      unknown: z.enum(['refuse', 'skip', 'cost-column']).default('refuse'),
      costs: z.enum(['price-book', 'cost-column']).default('price-book'),
      prices: z.enum(['now', 'then']).default('then'),
      idle: z.number().int().min(0).max(10_000_000).default(0),
      dryRun: z.boolean().default(false),
      replace: z.boolean().default(false),
    }),
    run:
      async ({ input: { plan, ...input }, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.run(
          { kind: 'import', ...input, ...(plan !== undefined && { plan }) },
          progress,
          signal,
        ),
  }),
  route({
    method: 'GET',
    path: '/lab/imports',
    role: 'support',
    summary: 'Books of imported use, with what they were made from.',
    run: ({ services }) => services.lab.imports(),
  }),
  route({
    method: 'DELETE',
    path: '/lab/imports/:name',
    role: 'operator',
    summary: 'Drops a book of imported use and nothing else.',
    run: ({ params, services }) => services.lab.dropImport(bookOf(params['name'])),
  }),
];

function bookOf(name: string | undefined): ImportedBook {
  const book = `import:${name ?? ''}`;
  if (!isImported(book)) throw new DomainError('not_found', `There is no book ${book}.`);
  return book;
}
