import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatUsd, formatUsdCents, NANO_PER_USD } from '#base/money.ts';
import type { Pnl, PnlRow } from '#economics/pnl.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';
import { table } from '../output.ts';

const DOLLAR = BigInt(NANO_PER_USD);
const BOOK = ['--book <book>', 'live, test or demo', 'live'] as const;

/** As JSON carries it: totals as decimal text. */
type Sent<T> = T extends bigint
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Sent<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Sent<T[Key]> }
      : T;

/** `report`, `why`, `audit`, `backup`. */
export function bookCommands(program: Command, setup: CommandSetup): void {
  const report = program.command('report').description('what earns and what loses');
  report
    .command('pnl')
    .description('profit and loss, the worst margin first')
    .option('--by <dimension>', 'plan, customer or model', 'plan')
    .option('--from <date>', 'first day (UTC), such as 2026-11-01; default: 30 days ago')
    .option('--to <date>', 'day after the last (UTC); default: tomorrow')
    .option('--limit <n>', 'how many rows to print', '20')
    .option(...BOOK)
    .action(
      setup.run(async (context, _, { limit, ...options }) => {
        const query = new URLSearchParams(options as Record<string, string>);
        const pnl = await withControl(context, (client) =>
          client.call<Sent<Pnl>>('GET', `/reports/pnl?${query.toString()}`),
        );
        present(context, pnl, () => pnlText(pnl, Number(limit)));
      }),
    );
  program
    .command('why <request>')
    .description('the whole decision about a request, in ten lines')
    .action(
      setup.run(async (context, [request]) => {
        const why = await withControl(context, (client) =>
          client.call<{ text: string }>('GET', `/requests/${request}/why`),
        );
        present(context, why, ({ text }) => text);
      }),
    );
  program
    .command('audit')
    .description('prove the books, or name what does not add up (exit code 1)')
    .option('--book <book>', 'one book only')
    .action(
      setup.run(async (context, _, options) => {
        const audit = await withControl(context, (client) =>
          client.call<{ ok: boolean; text: string }>('POST', '/audit', options),
        );
        present(context, audit, ({ text }) => text);
        return audit.ok ? 0 : 1;
      }),
    );
  program
    .command('backup <file>')
    .description('write a consistent backup to a file; the master key is not part of it')
    .action(
      setup.run(async (context, [file]) => {
        const path = resolve(file ?? '');
        const done = await withControl(context, (client) =>
          client.call<{ tables: number; rows: number; bytes: number }>('POST', '/backup', { path }),
        );
        present(
          context,
          done,
          ({ tables, rows, bytes }) =>
            `Wrote ${path}: ${rows} rows of ${tables} tables in ${bytes} bytes. Keep master.key apart from it.`,
        );
      }),
    );
}

/** The report as a person reads it: the table, and a sentence for each plan under water. */
export function pnlText(pnl: Sent<Pnl>, rowsMax: number): string {
  if (pnl.rows.length === 0) {
    return `Nothing was sold or used in the ${pnl.book} book from ${pnl.fromDay} to ${pnl.toDay}. Load the demo: breakeven demo`;
  }
  const shown = pnl.rows.slice(0, rowsMax);
  const left = pnl.rows.length - shown.length;
  return [
    `Profit and loss by ${pnl.by}, ${pnl.book} book, ${pnl.fromDay} to ${pnl.toDay} (end not included), US dollars before tax`,
    '',
    table<Sent<PnlRow>>(
      [...shown, pnl.total],
      [
        { title: pnl.by, value: (row) => row.label },
        {
          title: 'subscribers',
          align: 'right',
          value: (row) => row.subscribers.toLocaleString('en'),
        },
        { title: 'requests', align: 'right', value: (row) => row.requests.toLocaleString('en') },
        { title: 'revenue', align: 'right', value: (row) => usd(row.revenue) },
        { title: 'cost', align: 'right', value: (row) => usd(row.cost) },
        { title: 'margin', align: 'right', value: (row) => usd(row.margin) },
        { title: 'of revenue', align: 'right', value: (row) => basisPoints(row.marginBasisPoints) },
        { title: 'below zero', align: 'right', value: (row) => percent(row.losses.belowZeroShare) },
        {
          title: 'top 1% of loss',
          align: 'right',
          value: (row) => lossShare(row, row.losses.topPercentShare),
        },
        {
          title: 'top 10%',
          align: 'right',
          value: (row) => lossShare(row, row.losses.topTenPercentShare),
        },
      ],
    ),
    ...(left > 0 ? [`… and ${left} more (--limit)`] : []),
    '',
    ...shown.filter((row) => BigInt(row.margin) < 0n && pnl.by === 'plan').map(underWater),
  ].join('\n');
}

function underWater(row: Sent<PnlRow>): string {
  const { losses } = row;
  const users = row.subscribers.toLocaleString('en');
  if (BigInt(row.revenue) === 0n) {
    const each = BigInt(row.cost) / BigInt(Math.max(1, row.subscribers));
    return `${row.label} earned nothing and cost ${usd(row.cost)}: ${usd(String(each))} for each of ${users} users.`;
  }
  return (
    `${row.label} is under water: ${usd(row.margin)} on ${users} subscribers. ` +
    `${percent(losses.belowZeroShare)} of them are below zero; the costliest 1% cause ` +
    `${percent(losses.topPercentShare)} of that loss, the costliest 10% ${percent(losses.topTenPercentShare)}.`
  );
}

/** Cents, but every digit of what cents would round away. */
function usd(amount: string): string {
  const value = BigInt(amount);
  const isSmall = value > -DOLLAR && value < DOLLAR;
  return isSmall ? formatUsd(value) : formatUsdCents(value);
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const basisPoints = (value: number | undefined): string =>
  value === undefined ? '–' : `${(value / 100).toFixed(1)}%`;
const lossShare = (row: Sent<PnlRow>, share: number): string =>
  row.losses.subscribersBelowZero === 0 ? '–' : percent(share);
