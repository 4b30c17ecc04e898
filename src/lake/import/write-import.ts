import { join } from 'node:path';
import { assert } from '#base/assert.ts';
import type { ImportedBook, ImportRecord } from './import-book.ts';
import { ImportDays, type ImportSubscriber } from './import-days.ts';
import type { ModelRules, ResolvedModel } from './import-models.ts';
import { ImportPricer } from './import-pricer.ts';
import type { ImportFile } from './import-source.ts';
import type { ImportDeps, ImportResult } from './import-use.ts';
import { readTiers, ROW_FIELDS, streamDay, writeCustomerNames } from './import.store.ts';

const PROGRESS_EVERY_ROWS = 20_000;

/**
 * Prices what was read and writes it into a folder, day by day.
 * @throws DomainError `unknown_price`; the signal's reason
 */
export async function writeImport(
  directory: string,
  given: {
    readonly book: ImportedBook;
    readonly files: readonly ImportFile[];
    readonly sha256: string;
    readonly models: readonly ResolvedModel[];
    readonly subscribers: readonly ImportSubscriber[];
    readonly rules: ModelRules;
    readonly fromMs: number;
    readonly toMs: number;
    readonly result: Pick<ImportResult, 'requests' | 'fromDay' | 'toDay'>;
  },
  deps: ImportDeps,
): Promise<ImportRecord> {
  const { book, subscribers, result } = given;
  const { duck, clock } = deps;
  using days = new ImportDays({ ...given, duck, clock, directory });
  const pricer = new ImportPricer(deps.catalog, given.rules);
  const tiers = await readTiers(duck);
  for (const startMs of days.days) {
    days.open(startMs);
    await addDay(days, startMs, { ...given, ...deps, pricer, tiers });
    await days.close();
  }
  assert(days.requests === result.requests, 'every request that was read is written');
  await writeCustomerNames(duck, join(directory, 'customers.parquet'));
  return {
    book,
    importedAtMs: clock.nowMs(),
    sha256: given.sha256,
    files: given.files.map(({ name, bytes }) => ({ name, bytes })),
    requests: days.requests,
    customers: subscribers.length,
    fromDay: result.fromDay,
    toDay: result.toDay,
    costNanoUsd: String(days.costNanoUsd),
  };
}

async function addDay(
  days: ImportDays,
  startMs: number,
  how: Pick<ImportDeps, 'duck' | 'signal' | 'onProgress'> & {
    readonly models: readonly ResolvedModel[];
    readonly subscribers: readonly ImportSubscriber[];
    readonly pricer: ImportPricer;
    readonly tiers: readonly string[];
    readonly result: Pick<ImportResult, 'requests'>;
  },
): Promise<void> {
  const { models, subscribers, pricer, tiers } = how;
  const rows = await streamDay(how.duck, startMs, tiers);
  for (;;) {
    const chunk = await rows.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    how.signal.throwIfAborted();
    const [at, customers, names, input, cached, writes, output, reasoning, costs, tierOf] =
      ROW_FIELDS.map(
        (_, j) => (chunk.getColumnVector(j) as unknown as { items: Float64Array }).items,
      );
    for (let i = 0; i < chunk.rowCount; i++) {
      const customer = customers?.[i] ?? 0;
      const model = names?.[i] ?? 0;
      const named = models[model];
      const subscriber = subscribers[customer];
      assert(named !== undefined && subscriber !== undefined, 'rows are numbered');
      const request = {
        atMs: at?.[i] ?? 0,
        input: input?.[i] ?? 0,
        cached: cached?.[i] ?? 0,
        cacheWrite: writes?.[i] ?? 0,
        output: output?.[i] ?? 0,
        reasoning: reasoning?.[i] ?? 0,
        cost: costs?.[i] ?? -1,
        tier: tiers[tierOf?.[i] ?? 0] || undefined,
      };
      days.add(customer, model, request, pricer.price(request, named, subscriber.plan));
      if (days.requests % PROGRESS_EVERY_ROWS === 0)
        how.onProgress('Pricing and writing', days.requests, how.result.requests);
    }
  }
}
