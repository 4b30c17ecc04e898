import { countText } from '#base/count-text.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { formatMoney } from '#lab/format.ts';
import type { ImportRecord } from '#lake/import/import-book.ts';
import type { ImportResult } from '#lake/import/import-use.ts';
import { CALIBRATIONS, type CalibrationName } from '#traffic/calibration.ts';
import { writeServegenCsv } from '#traffic/servegen-csv.ts';
import type { CommandOptions, CommandSetup } from '../command-setup.ts';
import { type CliContext, present, withControl } from '../context.ts';
import { follow } from './follow.ts';

/** `lab import`, `lab imports`: the lab for those who do not run the gateway. */
export function labImportCommands(lab: Command, setup: CommandSetup): void {
  lab
    .command('import [files...]')
    .description('take usage from elsewhere (CSV, JSON, Parquet, LiteLLM spend logs) into the lab')
    .option('--name <name>', 'of the book, import:NAME; default: the first file’s')
    .option('--plan <plan>', 'the plan that everybody is on, unless a column says another')
    .option(
      '--map <fields>',
      'where the columns’ names do not say it: time=created_at,customer=user_id,model=…,input=…,output=…,cached=…,cache_write=…,reasoning=…,tier=…,cost=…,plan=…',
    )
    .option(
      '--separate <units>',
      'cached, cache_write, reasoning: counted beside input or output, not inside',
    )
    .option('--models <names>', 'what models are in the catalogue: NAME=MODEL,…')
    .option('--unknown <what>', 'models that are not: refuse, skip or cost-column', 'refuse')
    .option('--costs <source>', 'price-book or cost-column', 'price-book')
    .option('--prices <when>', 'then: in force at each request; now: in force now', 'then')
    .option('--idle <n>', 'subscribers more, who sent nothing', '0')
    .option('--servegen <folder>', 'no files: subscribers made of ServeGen’s published clients')
    .option('--subscribers <n>', 'of them, how many', '500')
    .option('--days <n>', 'of them, how many days up to today', '30')
    .option('--calibration <name>', 'of them: light, typical or heavy', 'typical')
    .option('--seed <n>', 'of them: equal seeds give equal requests', '1')
    .option('--dry-run', 'show what would be imported, and import nothing')
    .option('--replace', 'in the place of the book of that name')
    .action(
      setup.run(async (context, files, options) => {
        const { servegen } = options;
        const result =
          typeof servegen === 'string'
            ? await importServegen(context, servegen, options)
            : await follow<ImportResult>(context, '/lab/imports', body(files, options));
        present(context, result, importText);
      }),
    );
  lab
    .command('imports')
    .description('books of imported use')
    .option('--drop <name>', 'drop one of them')
    .action(
      setup.run(async (context, _, options) => {
        const name = options['drop'];
        if (typeof name === 'string') {
          const path = `/lab/imports/${name.replace(/^import:/, '')}`;
          const dropped = await withControl(context, (client) =>
            client.call<{ text: string }>('DELETE', path),
          );
          return present(context, dropped, ({ text }) => text);
        }
        const records = await withControl(context, (client) =>
          client.call<readonly ImportRecord[]>('GET', '/lab/imports'),
        );
        return present(context, records, recordsText);
      }),
    );
}

/** Makes the requests here, as a file that is imported like any other. */
async function importServegen(
  context: CliContext,
  folder: string,
  options: CommandOptions,
): Promise<ImportResult> {
  const { calibration, seed } = options;
  const subscribers = wholeNumber('subscribers', options['subscribers']);
  if (!isCalibration(calibration)) {
    throw new DomainError(
      'invalid_request',
      `--calibration must be one of ${Object.keys(CALIBRATIONS).join(', ')}.`,
      { field: 'calibration' },
    );
  }
  const directory = mkdtempSync(join(tmpdir(), 'breakeven-servegen-'));
  try {
    const file = join(directory, `servegen-${calibration}.csv`);
    const nowMs = systemClock.nowMs();
    const { silent } = writeServegenCsv(
      folder,
      file,
      {
        subscribers,
        calibration,
        days: wholeNumber('days', options['days']),
        seed: wholeNumber('seed', seed),
        endMs: nowMs - (nowMs % DAY_MS),
      },
      (done) => {
        if (done % 10 === 0)
          context.output.progress(`Making subscribers ${done} of ${subscribers}`);
      },
    );
    const idle = Number(options['idle']) + silent;
    const given = { plan: 'pro', ...options, idle };
    return await follow<ImportResult>(context, '/lab/imports', body([file], given));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function isCalibration(name: unknown): name is CalibrationName {
  return typeof name === 'string' && Object.hasOwn(CALIBRATIONS, name);
}

function wholeNumber(option: string, text: unknown): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new DomainError('invalid_request', `--${option} must be a whole number.`, {
    field: option,
  });
}

function body(files: readonly string[], options: CommandOptions): object {
  const [first] = files;
  if (first === undefined)
    throw new DomainError('invalid_request', 'Name a file to import.', { field: 'files' });
  return {
    book: `import:${nameOf(options['name'] ?? basename(first).replace(/\..*$/, ''))}`,
    // The server reads them, from wherever it was started.
    files: files.map((file) => resolve(file)),
    map: pairs('map', options['map']),
    models: pairs('models', options['models']),
    separate: typeof options['separate'] === 'string' ? options['separate'].split(',') : [],
    ...(options['plan'] !== undefined && { plan: options['plan'] }),
    unknown: options['unknown'],
    costs: options['costs'],
    prices: options['prices'],
    idle: Number(options['idle']),
    dryRun: options['dryRun'] === true,
    replace: options['replace'] === true,
  };
}

/** A name for a book, of whatever a file is called. */
function nameOf(text: unknown): string {
  return String(text)
    .toLowerCase()
    .replace(/^import:/, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
}

/** `a=b,c=d`; a value may have commas itself. @throws DomainError `invalid_request` */
function pairs(option: string, text: unknown): Readonly<Record<string, string>> {
  if (typeof text !== 'string') return {};
  return Object.fromEntries(
    text.split(/,(?=[^,=]*=)/).map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
      throw new DomainError('invalid_request', `--${option}: ${pair} is not of the form A=B.`, {
        field: option,
      });
    }),
  );
}

const DAY_MS = 86_400_000;
const count = (value: number): string => value.toLocaleString('en');

function importText(result: ImportResult): string {
  const { outcome, book, requests, customers, fromDay, toDay, idle } = result;
  const lines = result.files.flatMap(({ name, format, mapping, missing }) => [
    `${name} (${format}): ${Object.entries(mapping)
      .map(([field, column]) => `${field} = ${column}`)
      .join('; ')}`,
    ...missing.map((text) => `  ${text}`),
  ]);
  if (outcome === 'preview') lines.push('', ...firstText(result.first));
  lines.push(
    '',
    `${countText(requests, 'request')} of ${countText(customers, 'customer')} from ${fromDay} to ${toDay}${idle > 0 ? `, and ${countText(idle, 'subscriber')} who sent nothing` : ''}: ${result.plans.map(({ plan, subscribers }) => `${count(subscribers)} on ${plan}`).join(', ')}.`,
    ...(result.skipped > 0
      ? [
          `${count(result.skipped)} rows used nothing (failed, or answered from a cache) and are left out.`,
        ]
      : []),
    ...(result.unknownSkipped > 0
      ? [`${count(result.unknownSkipped)} requests of unknown models are left out.`]
      : []),
    'Models:',
    ...result.models.map(
      ({ name, requests: n, model, className, costFrom }) =>
        `  ${name}: ${countText(n, 'request')}, ${model === null ? 'not in the catalogue' : `as ${model}`} (${className}), cost from the ${costFrom}`,
    ),
    '',
  );
  if (outcome === 'preview') lines.push('Nothing was imported. Without --dry-run it would be.');
  else
    lines.push(
      `${outcome === 'unchanged' ? 'These files stand there already as' : 'Imported as'} ${book}, at a cost of ${dollars(result.costNanoUsd ?? '0')}. Now: breakeven lab recommend --book ${book}`,
    );
  return lines.join('\n');
}

function firstText(rows: ImportResult['first']): readonly string[] {
  const [head] = rows;
  if (head === undefined) return [];
  const names = Object.keys(head).filter((name) => rows.some((row) => row[name] !== null));
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '')))];
  const widths = names.map((_, j) => Math.max(...cells.map((row) => row[j]?.length ?? 0)));
  return cells.map((row) => `  ${row.map((cell, j) => cell.padEnd(widths[j] ?? 0)).join('  ')}`);
}

function dollars(nanoUsd: string): string {
  return formatMoney(BigInt(nanoUsd));
}

function recordsText(records: readonly ImportRecord[]): string {
  if (records.length === 0)
    return 'Nothing was imported yet. To: breakeven lab import FILE --plan PLAN';
  return records
    .map(
      ({ book, requests, customers, fromDay, toDay, costNanoUsd, files }) =>
        `${book}  ${countText(requests, 'request')} of ${countText(customers, 'subscriber')}, ${fromDay} to ${toDay}, cost ${dollars(costNanoUsd)}  from ${files.map(({ name }) => name).join(', ')}`,
    )
    .join('\n');
}
