import { USAGE_UNITS } from '#metering/usage.ts';
import { CANDIDATES_KEPT } from './lake-columns.ts';

/** How a column lies in memory once it is read. */
export type ColumnWidth = 'u8' | 'u16' | 'u32' | 'f64';

/** A column that a replay reads: its name, its width, and what it is made from (`d` decision, `u` usage). */
export interface ReplayColumn {
  readonly name: string;
  readonly width: ColumnWidth;
  readonly sql: string;
  /**
   * How `replay.parquet` has it. `kind`: events of one kind have the same value, which stands in the
   * table of kinds. A list: what it has more than these columns together.
   */
  readonly kept: 'kind' | readonly string[];
}

/** Codes for "no name": no class, no model or gate. */
export const NO_CLASS = 255;
export const NO_NAME = 65_535;
/** Reasons and fallbacks are coded by their place. */
export const REASONS = ['gate', 'funds', 'class', 'capacity', 'subscription'] as const;
export const FALLBACKS = ['none', 'gate', 'capacity'] as const;

/** Units that only their own model can be priced by. */
export const OTHER_UNITS = USAGE_UNITS.filter(
  (unit) => !['input', 'input_cached', 'output', 'reasoning', 'requests'].includes(unit),
);

const className = (column: string): string =>
  `coalesce(enum_code(${column}::replay_class), ${NO_CLASS})`;
const named = (type: string, column: string): string =>
  `coalesce(enum_code(${column}::${type}), ${NO_NAME})`;
const amount = (value: string, otherwise = 0): string => `coalesce(${value}, ${otherwise})`;
const tokens = (value: string): string => `least(coalesce(${value}, 0), 4294967295)`;
const place = (list: readonly string[], column: string): string =>
  `coalesce(list_position([${list.map((each) => `'${each}'`).join(', ')}], ${column}), 256) - 1`;

const column = (
  name: string,
  width: ColumnWidth,
  sql: string,
  kept: ReplayColumn['kept'] = [],
): ReplayColumn => ({ name, width, sql, kept });
const kind = (name: string, width: ColumnWidth, sql: string): ReplayColumn =>
  column(name, width, sql, 'kind');

/**
 * What a replay reads of an event; see `EventColumns` of the lab for what each means. Who is made of others
 * comes after them.
 */
export const REPLAY_COLUMNS: readonly ReplayColumn[] = [
  column('seq', 'u32', 'd.seq'),
  // As `seq`: nothing of its end is on record.
  column('endSeq', 'u32', 'coalesce(u.seq, d.seq)', ['seq']),
  column('atMs', 'f64', 'd.at_ms'),
  column('settledMs', 'f64', 'coalesce(u.settled_ms, d.at_ms)', ['atMs']),
  kind('classAsked', 'u8', className('d.class_asked')),
  kind('classServed', 'u8', className('d.class_served')),
  kind(
    'evidence',
    'u8',
    `CASE WHEN d.candidates > ${CANDIDATES_KEPT} THEN 4 WHEN d.class_served IS NULL THEN 1 WHEN u.id IS NULL THEN 5
      WHEN u.outcome = 'voided' THEN 6 WHEN u.estimate_cost IS NOT NULL THEN 3 WHEN u.attempts <> 1 THEN 4
      WHEN u.estimated THEN 2 WHEN ${OTHER_UNITS.map((unit) => `u.u_${unit}`).join(' + ')} > 0 THEN 7 ELSE 0 END`,
  ),
  kind('model', 'u16', named('replay_model', 'u.model')),
  column('inputBound', 'u32', tokens('d.input_tokens')),
  column('input', 'u32', tokens('u.u_input')),
  column('inputCached', 'u32', tokens('u.u_input_cached')),
  column('output', 'u32', tokens('u.u_output')),
  column('reasoning', 'u32', tokens('u.u_reasoning')),
  column('tokens', 'u32', tokens('u.tokens_in + u.tokens_out'), [
    'input',
    'inputCached',
    'output',
    'reasoning',
  ]),
  column('cost', 'f64', amount('u.cost')),
  column('tariff', 'f64', amount('u.tariff')),
  column('member', 'u32', amount('m.number')),
  column('key', 'u32', amount('a.number')),
  column('keyCap', 'f64', amount('d.key_cap', -1)),
  kind('reason', 'u8', place(REASONS, 'd.reason')),
  kind('fallback', 'u8', place(FALLBACKS, 'd.fallback')),
  kind('slow', 'u8', 'coalesce(d.slow, false)'),
  kind('gate', 'u16', named('replay_gate', 'd.gate')),
  column('held', 'f64', amount('d.held')),
  kind('counted', 'u32', `${amount('d.counted')} & 4294967295`),
  column('charge', 'f64', amount('u.charge')),
  column('paidAllowance', 'f64', amount('u.paid_allowance')),
  column('paidPromotional', 'f64', amount('u.paid_promotional')),
  column('paidBought', 'f64', amount('u.paid_bought')),
  column('paidOverage', 'f64', amount('u.paid_overage')),
  column('overrun', 'f64', amount('u.overrun')),
  kind('candidates', 'u8', `least(d.candidates, ${CANDIDATES_KEPT})`),
  ...Array.from({ length: CANDIDATES_KEPT }, (_, i) => [
    kind(`class${i}`, 'u8', className(`d.c${i}_class`)),
    kind(`available${i}`, 'u8', `coalesce(d.c${i}_available, false)`),
    column(`tokens${i}`, 'u32', tokens(`coalesce(d.c${i}_tokens, d.input_tokens)`), ['inputBound']),
    column(`cost${i}`, 'f64', amount(`d.c${i}_cost`)),
    column(`charge${i}`, 'f64', amount(`d.c${i}_charge`)),
  ]).flat(),
];

/** The type of a width in SQL. */
export const SQL_TYPE: Readonly<Record<ColumnWidth, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  f64: 'DOUBLE',
};
