import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '#lake/parquet.store.ts';
import { REPLAY_COLUMNS } from '#lake/replay-columns.ts';
import { replayFile } from '#lake/replay-file.ts';
import { kindTable } from './tape-constants.ts';
import type { IndexedDay, TapeLayout } from './tape-index.ts';
import { EVIDENCE, NONE } from './tape.ts';
import { type MeanUse, noUse } from './unseen-demand.ts';

const SUMMED = ['inputBound', 'input', 'inputCached', 'output', 'reasoning'] as const;

/** True where anybody was ever refused. */
export function hasRefusals({ days }: TapeLayout): boolean {
  return days.some(({ day }) => day.kinds['evidence']?.includes(EVIDENCE.refused) === true);
}

/**
 * What the completely measured requests of one customer used, by the class that was asked and served,
 * straight from the lake: for who has too many events for one tape.
 */
export async function usesOfCustomer(
  duck: DuckDBConnection,
  layout: TapeLayout,
  customer: number,
  classes: number,
): Promise<readonly MeanUse[]> {
  const uses = Array.from({ length: classes }, noUse);
  for (const day of layout.days) {
    const entry = day.customers.indexOf(customer);
    if (entry < 0) continue;
    const from = day.counts.subarray(0, entry).reduce((sum, count) => sum + count, 0);
    const [asked, served, evidence] = ['classAsked', 'classServed', 'evidence'].map((name) =>
      tableOf(day, name),
    );
    for (const row of await sumsByKind(duck, day, from, from + (day.counts[entry] ?? 0))) {
      const kind = Number(row['kind']);
      const className = served?.[kind] ?? NONE;
      if (evidence?.[kind] !== EVIDENCE.complete || className !== asked?.[kind]) continue;
      const use = uses[className];
      if (use === undefined) continue;
      use.events += Number(row['events']);
      use.bound += Number(row['inputBound']);
      use.input += Number(row['input']);
      use.inputCached += Number(row['inputCached']);
      use.output += Number(row['output']);
      use.reasoning += Number(row['reasoning']);
    }
  }
  return uses;
}

function tableOf(day: IndexedDay, name: string): ArrayLike<number> | undefined {
  const column = REPLAY_COLUMNS.find((each) => each.name === name);
  return column && kindTable(day, column);
}

function sumsByKind(
  duck: DuckDBConnection,
  { directory, day }: IndexedDay,
  from: number,
  to: number,
): ReturnType<typeof rowsOf> {
  const sums = SUMMED.map((name) => {
    const { base = 0, width = 'none' } = day.columns[name] ?? {};
    const kept = width === 'none' ? '0' : `sum("${name}")`;
    return `(${kept} + ${base}::DOUBLE * count(*))::DOUBLE AS "${name}"`;
  });
  return rowsOf(
    duck,
    `SELECT kind::DOUBLE AS kind, count(*)::DOUBLE AS events, ${sums.join(', ')}
       FROM read_parquet(${replayFile(directory, 'replay')}, file_row_number = true)
      WHERE file_row_number >= ${from} AND file_row_number < ${to} GROUP BY kind`,
  );
}
