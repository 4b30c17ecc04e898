import { CANDIDATES_KEPT } from '#lake/lake-columns.ts';
import { NO_CLASS, REPLAY_COLUMNS, type ReplayColumn } from '#lake/replay-columns.ts';
import { type Column, type NamedColumns, sharedColumn } from './tape.ts';
import type { IndexedDay, TapeLayout } from './tape-index.ts';

/** Columns into which demand that was never seen is filled: never shared. */
export const FILLED_IN: ReadonlySet<string> = new Set([
  'input',
  'inputCached',
  'output',
  'reasoning',
]);

/** A column's value in each of a day's kinds of event, in the index's numbers. */
export function kindTable(day: IndexedDay, { name, width }: ReplayColumn): Column {
  const table = sharedColumn(width, day.day.kinds[name]?.length ?? 0);
  table.set(day.day.kinds[name] ?? []);
  const names = name.startsWith('class')
    ? day.classes
    : name === 'model'
      ? day.models
      : name === 'gate'
        ? day.gates
        : undefined;
  return names === undefined ? table : table.map((each) => names[each] ?? 0);
}

/** The one value that a column has on a day; `undefined` where there are several. */
function constantOfDay(day: IndexedDay, column: ReplayColumn): number | undefined {
  const { name, kept } = column;
  if (kept === 'kind') {
    const table = kindTable(day, column);
    return table.every((each) => each === table[0]) ? table[0] : undefined;
  }
  const { base = 0, width = 'none' } = day.day.columns[name] ?? {};
  if (width !== 'none') return undefined;
  if (name === 'member' || name === 'key') return day.scopes[base];
  const others = kept.map((other) => {
    const found = REPLAY_COLUMNS.find((each) => each.name === other);
    return found && constantOfDay(day, found);
  });
  return others.reduce<number | undefined>(
    (sum, each) => (sum === undefined || each === undefined ? undefined : sum + each),
    base,
  );
}

/** By name: the one value that a column has on all days with events. */
export function constantsOf({ days }: Pick<TapeLayout, 'days'>): ReadonlyMap<string, number> {
  const constants = new Map<string, number>();
  const busy = days.filter(({ day }) => day.events > 0);
  for (const column of REPLAY_COLUMNS) {
    const [value, ...others] = new Set(busy.map((day) => constantOfDay(day, column)));
    if (value !== undefined && others.length === 0) constants.set(column.name, value);
  }
  return constants;
}

/** So many candidates has the request that has most. */
export function candidatesMaxOf(constants: ReadonlyMap<string, number>): number {
  let n = CANDIDATES_KEPT;
  while (n > 0 && constants.get(`class${n - 1}`) === NO_CLASS) n--;
  return n;
}

/** Columns for so many events. Those that hold one value throughout are one column of that value together. */
export function blankColumns(constants: ReadonlyMap<string, number>, events: number): NamedColumns {
  const known = new Map<string, Column>();
  const columns: Record<string, Column> = {};
  const candidatesMax = candidatesMaxOf(constants);
  for (const { name, width } of REPLAY_COLUMNS) {
    const slot = /\d$/.exec(name)?.[0];
    if (slot !== undefined && Number(slot) >= candidatesMax) continue;
    const value = constants.get(name);
    if (value === undefined || FILLED_IN.has(name)) {
      columns[name] = sharedColumn(width, events);
      continue;
    }
    const key = `${width} ${value}`;
    let column = known.get(key);
    if (column === undefined) known.set(key, (column = sharedColumn(width, events).fill(value)));
    columns[name] = column;
  }
  return columns;
}
