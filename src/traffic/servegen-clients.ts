import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '#base/domain-error.ts';
import type { DemoClass, Quantiles } from './calibration.ts';

/**
 * The published clients of ServeGen (github.com/alibaba/ServeGen, Apache-2.0): two weeks of a
 * production service, one day of its reasoning model. A client is an application or a company.
 */

/** Which of our classes a trace stands for. */
export const SERVEGEN_TRACES: Readonly<Record<string, DemoClass>> = {
  'm-small': 'fast',
  'm-mid': 'standard',
  'm-large': 'standard',
  'deepseek-r1': 'reasoning',
};

/** How much a client sent, and when. */
export interface ServegenClient {
  readonly trace: string;
  /** In parts of its trace's median client. */
  readonly level: number;
  /** Requests of each window of ten minutes, in parts of all of them; those with any. */
  readonly windows: readonly (readonly [window: number, share: number])[];
  /** How many windows its trace has. */
  readonly windowCount: number;
}

/** Sizes of a client's requests in six hours. */
export interface ServegenSizes {
  readonly weight: number;
  readonly input: Quantiles;
  /** Thinking included. */
  readonly output: Quantiles;
  /** Of the output, what is thinking. */
  readonly reasonShare: Quantiles | undefined;
}

export interface ServegenData {
  /** Of every trace, since volume and rhythm are known of all clients. */
  readonly clients: readonly ServegenClient[];
  /** By class: of each client whose tokens were published, its sizes through the trace. */
  readonly sizes: Readonly<Record<DemoClass, readonly (readonly ServegenSizes[])[]>>;
}

export const WINDOW_SECONDS = 600;
/** Quantiles are interpolated by their logarithms. */
const LEAST = 1e-3;

/**
 * Reads the client data from a folder: `*-client-rates.csv.gz` and `*-client-token-quantiles.csv.gz`.
 * @throws DomainError `not_found` where a file is missing, `invalid_request` where a column is
 */
export function readServegen(directory: string): ServegenData {
  const sizes: Record<DemoClass, (readonly ServegenSizes[])[]> = {
    fast: [],
    standard: [],
    reasoning: [],
  };
  const clients: ServegenClient[] = [];
  for (const [trace, className] of Object.entries(SERVEGEN_TRACES)) {
    clients.push(...clientsOf(trace, rowsOf(directory, `${trace}-client-rates.csv.gz`)));
    sizes[className].push(...sizesOf(rowsOf(directory, `${trace}-client-token-quantiles.csv.gz`)));
  }
  return { clients, sizes };
}

function clientsOf(trace: string, rows: readonly Row[]): readonly ServegenClient[] {
  const rates = new Map<string, [number, number][]>();
  let windowCount = 0;
  for (const row of rows) {
    const window = Number(row('window_start_s')) / WINDOW_SECONDS;
    windowCount = Math.max(windowCount, window + 1);
    const rate = Number(row('rate_rps'));
    const known = entryOf(rates, row('client'), () => []);
    if (rate > 0) known.push([window, rate]);
  }
  const volumes = [...rates.values()]
    .map((windows) => ({ windows, sum: windows.reduce((sum, [, each]) => sum + each, 0) }))
    .filter(({ sum }) => sum > 0)
    .toSorted((a, b) => a.sum - b.sum);
  const median = volumes[volumes.length >> 1]?.sum ?? 1;
  return volumes.map(({ windows, sum }) => ({
    trace,
    level: sum / median,
    windows: windows.map(([window, each]) => [window, each / sum] as const),
    windowCount,
  }));
}

interface Measured {
  readonly support: number;
  readonly quantiles: Quantiles;
}

function sizesOf(rows: readonly Row[]): readonly (readonly ServegenSizes[])[] {
  const clients = new Map<string, Map<string, Map<string, Measured>>>();
  for (const row of rows) {
    const windows = entryOf(clients, row('client'), () => new Map<string, Map<string, Measured>>());
    const fields = entryOf(windows, row('window_start_s'), () => new Map<string, Measured>());
    const at = (column: string): number => Math.max(Number(row(column)), LEAST);
    fields.set(row('field'), {
      support: Number(row('support')),
      // Nothing below the tenth percentile was published: half of it stands for the least.
      quantiles: [
        [0, at('p10') / 2],
        [0.1, at('p10')],
        [0.5, at('p50')],
        [0.9, at('p90')],
        [0.99, at('p99')],
        [1, at('max')],
      ],
    });
  }
  return [...clients.values()].map((windows) =>
    [...windows.values()].flatMap((fields) => {
      const [input, output] = [fields.get('input_tokens'), fields.get('output_tokens')];
      if (input === undefined || output === undefined) return [];
      const reasonShare = fields.get('reason_ratio')?.quantiles;
      return [
        { weight: input.support, input: input.quantiles, output: output.quantiles, reasonShare },
      ];
    }),
  );
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** A line of a table, by the names of its columns. */
type Row = (column: string) => string;

function rowsOf(directory: string, name: string): readonly Row[] {
  const file = join(directory, name);
  if (!existsSync(file)) {
    throw new DomainError('not_found', `ServeGen's ${name} is not in ${directory}.`, {
      field: 'servegen',
    });
  }
  const text = gunzipSync(readFileSync(file)).toString('utf8').trimEnd();
  const [head = '', ...lines] = text.split('\n');
  const positions = new Map(head.split(',').map((column, index) => [column.trim(), index]));
  return lines.map((line) => {
    const fields = line.split(',');
    return (column) => {
      const position = positions.get(column);
      if (position !== undefined) return fields[position]?.trim() ?? '';
      throw new DomainError('invalid_request', `${name} has no column ${column}.`, {
        field: 'servegen',
      });
    };
  });
}
