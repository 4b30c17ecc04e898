import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { namedId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { PriceBook } from '#catalog/price-book.ts';
import { testCatalog, testModel, testRoute, testSupplier } from '#catalog/testing-catalog.ts';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import { planOf } from '#testing/plan-fixture.ts';
import { openDuck } from '../parquet.store.ts';
import type { ImportRequest, ImportResult } from './import-use.ts';
import { importUse } from './import-use.ts';

/** Everything that an import needs, on a catalogue of two models. For tests. */
export interface ImportBench {
  readonly duck: DuckDBConnection;
  readonly lake: string;
  readonly deps: Omit<Parameters<typeof importUse>[1], 'onProgress' | 'signal'>;
  run(files: readonly string[], rest?: Partial<ImportRequest>): Promise<ImportResult>;
}

/** When the price of `gpt-x` doubles. */
export const DEARER_MS = Date.UTC(2026, 2, 10);
export const IMPORT_NOW_MS = Date.UTC(2026, 3, 1);

/** `gpt-x` (standard, $1 in and $2 out per million, twice that later) and `gpt-mini` (fast). */
export async function importBench(directory: string): Promise<ImportBench> {
  const duck = await openDuck();
  const lake = join(directory, 'lake');
  const price = (model: string, input: number, effectiveFromMs: number) =>
    testPrice(
      flatTier({ input, input_cached: input / 10, cache_write_5m: input, output: 2 * input }),
      { supplier: 'acme', model, effectiveFromMs },
    );
  const start = Date.UTC(2026, 0, 1);
  const catalog = testCatalog({
    suppliers: [testSupplier('acme')],
    models: [testModel('gpt-x', { aliases: ['x'] }), testModel('gpt-mini', { className: 'fast' })],
    routes: [testRoute('gpt-x', 'acme'), testRoute('gpt-mini', 'acme')],
    prices: [
      ...new PriceBook([
        price('gpt-x', 1_000_000, start),
        price('gpt-x', 2_000_000, DEARER_MS),
        price('gpt-mini', 100_000, start),
      ]),
    ],
  });
  const classes = [
    { name: 'fast', weightMilli: 1000 },
    { name: 'standard', weightMilli: 1000 },
  ];
  const plans = [
    planOf({
      id: namedId('planVersion', 'pro'),
      plan: 'pro',
      classes,
      priceNanoUsd: nanoUsd(200e9),
    }),
    planOf({
      id: namedId('planVersion', 'plus'),
      plan: 'plus',
      classes,
      priceNanoUsd: nanoUsd(20e9),
    }),
  ];
  const deps = { duck, clock: { nowMs: () => IMPORT_NOW_MS }, lake, catalog, plans };
  return {
    duck,
    lake,
    deps,
    run: (files, rest = {}) =>
      importUse(
        {
          book: 'import:march',
          files,
          map: {},
          separate: [],
          plan: 'pro',
          models: {},
          unknown: 'refuse',
          costs: 'price-book',
          prices: 'then',
          idle: 0,
          dryRun: false,
          replace: false,
          ...rest,
        },
        { ...deps, onProgress: () => undefined, signal: new AbortController().signal },
      ),
  };
}
