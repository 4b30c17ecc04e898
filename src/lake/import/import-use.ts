import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { utcDay } from '#base/utc-day.ts';
import type { Catalog } from '#catalog/catalog.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { type ImportedBook, placeImport, readImport } from './import-book.ts';
import type { ImportSubscriber } from './import-days.ts';
import { type ImportMapping, mappingOf, missingText, type Separable } from './import-fields.ts';
import { type ModelRules, resolveModels, type ResolvedModel } from './import-models.ts';
import { csvShape, type ImportFile, importFile } from './import-source.ts';
import {
  clearImport,
  columnsOf,
  firstBadRow,
  type ImportReading,
  numberNames,
  prepareImport,
  readFirstRows,
  readImportCustomers,
  readModels,
  readRows,
  readTotals,
} from './import.store.ts';
import { writeImport } from './write-import.ts';
import { lineOfRecord } from './line-of-record.ts';
import { isLitellm, LITELLM_COLUMNS, LITELLM_METADATA } from './litellm.ts';

export interface ImportRequest {
  readonly book: ImportedBook;
  /** On the machine of the server. */
  readonly files: readonly string[];
  /** Field to column, where the usual names do not say it. */
  readonly map: Readonly<Record<string, string>>;
  readonly separate: readonly Separable[];
  /** The plan that everybody is on whom no column puts on another. */
  readonly plan?: string;
  readonly models: Readonly<Record<string, string>>;
  readonly unknown: ModelRules['unknown'];
  readonly costs: ModelRules['costs'];
  readonly prices: ModelRules['prices'];
  /** Subscribers who sent nothing, and so are in no file. */
  readonly idle: number;
  /** True: say what would be imported, and import nothing. */
  readonly dryRun: boolean;
  /** True: takes the place of the book that is there. */
  readonly replace: boolean;
}

export interface ImportDeps {
  readonly duck: DuckDBConnection;
  readonly clock: Clock;
  readonly lake: string;
  readonly catalog: Catalog;
  /** The plans in force. */
  readonly plans: readonly PlanVersion[];
  readonly onProgress: (text: string, done: number, of: number) => void;
  readonly signal: AbortSignal;
}

/** What was understood, and whether it stands in the lake now. */
export interface ImportResult {
  readonly book: ImportedBook;
  /** `preview`: nothing was imported; `unchanged`: these files stand there already. */
  readonly outcome: 'imported' | 'preview' | 'unchanged';
  readonly files: readonly {
    readonly name: string;
    readonly format: string;
    readonly mapping: Readonly<Record<string, string>>;
    readonly missing: readonly string[];
  }[];
  readonly requests: number;
  /** Failed, or answered from a cache of the gateway that wrote the file. */
  readonly skipped: number;
  /** Of models that the catalogue does not know. */
  readonly unknownSkipped: number;
  readonly customers: number;
  readonly idle: number;
  readonly fromDay: string;
  readonly toDay: string;
  readonly models: readonly {
    readonly name: string;
    readonly requests: number;
    readonly model: string | null;
    readonly className: string;
    readonly costFrom: ResolvedModel['costFrom'];
  }[];
  readonly plans: readonly { readonly plan: string; readonly subscribers: number }[];
  /** The first rows, as they were understood. */
  readonly first: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** Absent in a preview. */
  readonly costNanoUsd?: string;
}

const PREVIEW_ROWS = 5;
const PROGRESS_EVERY_MS = 300;

/**
 * Takes usage from elsewhere into a book that the lake alone has. All or nothing: days are written
 * beside and put in place at the end.
 * @throws DomainError `invalid_request` on a row, with file, line and field; `model_not_found`,
 *   `unknown_price`, `not_found` (a file, a plan), `conflict` where the book is there already
 */
export async function importUse(request: ImportRequest, deps: ImportDeps): Promise<ImportResult> {
  const { duck, lake, signal } = deps;
  const files = request.files.map(importFile);
  const present = readImport(lake, request.book);
  // A dry run compares nothing: files of gigabytes are not read twice for it.
  const sha256 = request.dryRun ? '' : await fingerprintOf(request, files, deps.plans);
  if (present !== undefined && !request.replace && !request.dryRun && present.sha256 !== sha256) {
    throw new DomainError(
      'conflict',
      `${request.book} is there already, from ${present.files.map(({ name }) => name).join(', ')}. Give another --name, or --replace it.`,
      { field: 'name' },
    );
  }
  const stop = (): void => duck.interrupt();
  signal.addEventListener('abort', stop);
  try {
    await prepareImport(duck);
    const readings = await readFiles(files, request, deps);
    const found = await inspect(request, readings, deps);
    if (request.dryRun) return { ...found.result, outcome: 'preview' };
    if (present?.sha256 === sha256 && !request.replace)
      return { ...found.result, outcome: 'unchanged', costNanoUsd: present.costNanoUsd };
    const record = await placeImport(lake, request.book, (staging) =>
      writeImport(staging, { book: request.book, files, sha256, ...found }, deps),
    );
    return { ...found.result, outcome: 'imported', costNanoUsd: record.costNanoUsd };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    await clearImport(duck);
  }
}

/** Equal files read in an equal way under equal plans make an equal book. */
async function fingerprintOf(
  request: ImportRequest,
  files: readonly ImportFile[],
  plans: readonly PlanVersion[],
): Promise<string> {
  const { dryRun: _dry, replace: _replace, files: _files, ...settings } = request;
  const hash = createHash('sha256').update(JSON.stringify([settings, plans.map(({ id }) => id)]));
  for (const { path } of files)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function readFiles(
  files: readonly ImportFile[],
  request: ImportRequest,
  deps: ImportDeps,
): Promise<readonly ImportReading[]> {
  const { duck, signal } = deps;
  const readings: ImportReading[] = [];
  for (const [number, file] of files.entries()) {
    signal.throwIfAborted();
    const csv = file.format === 'csv' ? csvShape(file) : undefined;
    const columns = csv?.columns ?? (await told(file, columnsOf(duck, file)));
    const isLogs = isLitellm(columns);
    const reading: ImportReading = {
      file,
      number,
      columns,
      csv,
      isLitellm: isLogs,
      mapping: isLogs ? litellmMapping(columns, request.map) : mappingOf(columns, request.map),
      separate: new Set(request.separate),
    };
    const watch = setInterval(() => {
      deps.onProgress(
        `Reading ${file.name}`,
        Math.max(0, Math.round(duck.progress.percentage)),
        100,
      );
    }, PROGRESS_EVERY_MS);
    try {
      await told(file, readRows(duck, reading));
    } finally {
      clearInterval(watch);
    }
    readings.push(reading);
  }
  const bad = await firstBadRow(duck);
  if (bad !== undefined) throw await badRowError(bad, readings);
  return readings;
}

/** What was mapped by hand; everything else is taken from where LiteLLM has it. */
function litellmMapping(
  columns: readonly string[],
  told: Readonly<Record<string, string>>,
): ImportMapping {
  const stand = Object.fromEntries(
    Object.entries(LITELLM_COLUMNS).flatMap(([field, names]) => {
      const column = names.find((name) => columns.includes(name));
      return column === undefined ? [] : [[field, column]];
    }),
  );
  const whole = mappingOf(columns, { ...stand, ...told });
  const kept = Object.entries(whole).filter(([field]) => field in told);
  return Object.fromEntries(kept);
}

/** DuckDB's complaint about a file, as ours. */
async function told<T>(file: ImportFile, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (/interrupt/i.test(text)) throw cause;
    const line = /Line: (\d+)/i.exec(text)?.[1] ?? /line (\d+)/i.exec(text)?.[1];
    const columns = /Expected Number of Columns: \d+ Found: \d+/.exec(text)?.[0];
    throw new DomainError(
      'invalid_request',
      `${file.name}${line === undefined ? '' : `, line ${line}`}: the file cannot be read as ${file.format}${columns === undefined ? '' : ` (${columns.toLowerCase()})`}.`,
      { field: 'files', cause },
    );
  }
}

async function badRowError(
  bad: { file: number; row: number; field: string; found: string },
  readings: readonly ImportReading[],
): Promise<DomainError> {
  const reading = readings[bad.file];
  const name = reading?.file.name ?? '';
  const line = reading && (await lineOfRecord(reading.file, bad.row));
  const where = line === undefined ? `row ${bad.row}` : `line ${line}`;
  const column = reading?.mapping[bad.field as keyof ImportMapping];
  const isPart = / of /.test(bad.found);
  const why = isPart
    ? `is more than the total that it is part of (${bad.found}). Where it stands beside the total: --separate ${bad.field}`
    : bad.found === ''
      ? 'is missing'
      : `is ${JSON.stringify(bad.found)}, which is no ${WANTED[bad.field] ?? 'value'} that can be read`;
  return new DomainError(
    'invalid_request',
    `${name}, ${where}: ${bad.field}${column === undefined || column === bad.field ? '' : ` (column ${column})`} ${why}. Nothing was imported.`,
    { field: bad.field, facts: { file: name, line: line ?? bad.row, field: bad.field } },
  );
}

const WANTED: Readonly<Record<string, string>> = {
  time: 'time',
  input: 'whole number of tokens',
  cached: 'whole number of tokens',
  cache_write: 'whole number of tokens',
  output: 'whole number of tokens',
  reasoning: 'whole number of tokens',
  cost: 'amount in dollars',
};

interface Inspected {
  readonly result: Omit<ImportResult, 'outcome'>;
  readonly rules: ModelRules;
  readonly models: readonly ResolvedModel[];
  readonly subscribers: readonly ImportSubscriber[];
  readonly fromMs: number;
  readonly toMs: number;
}

async function inspect(
  request: ImportRequest,
  readings: readonly ImportReading[],
  { duck, catalog, plans, clock }: ImportDeps,
): Promise<Inspected> {
  const totals = await readTotals(duck);
  if (totals.rows === 0)
    throw new DomainError('invalid_request', 'The files have no request in them.', {
      field: 'files',
    });
  const { models: aliases, unknown, costs, prices } = request;
  const rules = { aliases, unknown, costs, prices, nowMs: clock.nowMs() };
  const all = await readModels(duck);
  const models = resolveModels(all, catalog, rules);
  await numberNames(duck, {
    book: request.book,
    models: models.map(({ name }) => name),
    idle: request.idle,
  });
  const subscribers = (await readImportCustomers(duck)).map(({ id, plan }) => ({
    id,
    plan: planOf(plan ?? request.plan, plans),
  }));
  const requests = models.reduce((sum, each) => sum + each.requests, 0);
  const counts = Map.groupBy(subscribers, ({ plan }) => plan.plan);
  return {
    rules,
    models,
    subscribers,
    fromMs: totals.fromMs,
    toMs: totals.toMs,
    result: {
      book: request.book,
      files: readings.map((reading) => ({
        name: reading.file.name,
        format: reading.isLitellm
          ? `LiteLLM spend logs, ${reading.file.format}`
          : reading.file.format,
        mapping: mappingText(reading),
        missing: reading.isLitellm ? [] : missingText(reading.mapping),
      })),
      requests,
      skipped: totals.skipped,
      unknownSkipped: totals.rows - requests,
      customers: subscribers.length - request.idle,
      idle: request.idle,
      fromDay: utcDay(totals.fromMs),
      toDay: utcDay(totals.toMs),
      models: models.map(({ name, requests: n, served, className, costFrom }) => ({
        name,
        requests: n,
        model: served?.model.model.name ?? null,
        className,
        costFrom,
      })),
      plans: [...counts].map(([plan, each]) => ({ plan, subscribers: each.length })),
      first: await readFirstRows(duck, PREVIEW_ROWS),
    },
  };
}

function mappingText({ mapping, isLitellm: isLogs, columns }: ImportReading) {
  if (!isLogs) return mapping as Readonly<Record<string, string>>;
  const has = (name: string): boolean => columns.includes(name);
  const stand = Object.entries(LITELLM_COLUMNS).map(([field, names]) => [
    field,
    names.filter(has).join(', else '),
  ]);
  const inside = has('metadata')
    ? Object.keys(LITELLM_METADATA).map((field) => [field, 'metadata'])
    : [];
  return { ...Object.fromEntries([...stand, ...inside]), ...mapping } as Readonly<
    Record<string, string>
  >;
}

function planOf(name: string | undefined, plans: readonly PlanVersion[]): PlanVersion {
  const names = plans.map(({ plan }) => plan).join(', ');
  if (name === undefined)
    throw new DomainError(
      'invalid_request',
      `Say which plan these customers are on: --plan (${names}), or --map plan=COLUMN.`,
      { field: 'plan' },
    );
  const found = plans.find(({ plan }) => plan === name);
  if (found === undefined)
    throw new DomainError('not_found', `There is no plan ${name}; there are ${names}.`, {
      field: 'plan',
    });
  return found;
}
