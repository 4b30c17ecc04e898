import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import { csvShape, importFile, recordOf } from '#lake/import/import-source.ts';
import type { Exposure } from './demand.ts';

const YES = new Set(['1', 'true', 'yes', 'y', 't']);
const NO = new Set(['0', 'false', 'no', 'n', 'f', '']);

/**
 * Reads an experiment: a CSV file with a row for each customer and the columns `price` (dollars, as
 * shown), `took` (yes or no) and, where it is known, `cost` (dollars a month, of those who took it) and
 * `customer`.
 * @throws DomainError `not_found`, `invalid_request` with file, line and field
 */
export function readExperiment(path: string): readonly Exposure[] {
  const { columns, delimiter } = csvShape(importFile(path));
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  const [price, took, cost, customer] = [at('price'), at('took'), at('cost'), at('customer')];
  const fail = (line: number, field: string, why: string): DomainError =>
    new DomainError('invalid_request', `${basename(path)}, line ${line}: ${field} ${why}.`, {
      field,
    });
  for (const [name, index] of [
    ['price', price],
    ['took', took],
  ] as const)
    if (index < 0) throw fail(1, name, `is no column; there are ${columns.join(', ')}`);
  const seen = new Set<string>();
  const exposures: Exposure[] = [];
  for (const [index, text] of readFileSync(path, 'utf8').split(/\r?\n/).slice(1).entries()) {
    const line = index + 2;
    if (text.trim() === '') continue;
    const fields = recordOf(text, delimiter);
    const shown = Number(fields[price]);
    if (!(shown > 0)) throw fail(line, 'price', `is ${fields[price] ?? ''}, which is no price`);
    const answer = (fields[took] ?? '').toLowerCase();
    if (!YES.has(answer) && !NO.has(answer))
      throw fail(line, 'took', `is ${answer}, not yes or no`);
    const spent = cost < 0 ? 0 : Number(fields[cost] ?? 0);
    if (!(spent >= 0)) throw fail(line, 'cost', `is ${fields[cost] ?? ''}, which is no cost`);
    const name = fields[customer];
    if (name !== undefined && seen.has(name))
      throw fail(line, 'customer', `${name} stands in the file twice`);
    if (name !== undefined) seen.add(name);
    exposures.push({ price: shown, took: YES.has(answer), cost: spent });
  }
  const prices = new Set(exposures.map((each) => each.price));
  if (prices.size < 3 || !exposures.some((each) => each.took)) {
    throw new DomainError(
      'invalid_request',
      `${basename(path)} shows ${prices.size} prices to ${exposures.length} customers; a demand curve needs three prices, and somebody who takes it.`,
      { field: 'price' },
    );
  }
  return exposures;
}
