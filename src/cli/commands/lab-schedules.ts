import type { Command } from 'commander';
import type { ScheduleAnswer, ScheduleRow } from '#http/shapes/notices.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';
import { follow } from './follow.ts';

/** `lab schedule`, `lab scheduled`, `lab unschedule`: what the lab found, published at a time. */
export function labScheduleCommands(lab: Command, setup: CommandSetup): void {
  lab
    .command('schedule <result>')
    .description('publish a fix as a new version of its plan at a time, and tell its subscribers')
    .option('--fix <n>', 'which fix of the result; 0 = the plan as it is, at another price', '1')
    .option('--price <dollars>', "the price instead of the fix's own")
    .requiredOption('--at <time>', 'when, such as 2027-01-01 or 2027-01-01T09:00:00Z')
    .option('--moves <who>', 'new (only new subscribers), renewal or at_once', 'renewal')
    .option('--notice-days <n>', 'nobody is moved sooner after being told', '14')
    .option('--notify', 'show each subscriber their own old and new bill', true)
    .option('--no-notify', 'tell nobody')
    .option('--dry-run', 'show what each would be told, and write nothing')
    .action(
      setup.run(async (context, [result = ''], options) => {
        const path = `/lab/results/${result}/fixes/${Number(options['fix'])}/schedule`;
        const isDry = options['dryRun'] === true;
        const answer = await follow<ScheduleAnswer>(context, isDry ? `${path}/dry-run` : path, {
          ...(options['price'] !== undefined && { price: options['price'] }),
          at: options['at'],
          moves: options['moves'],
          noticeDays: Number(options['noticeDays']),
          notify: options['notify'],
        });
        present(context, answer, ({ text }) => text);
      }),
    );
  lab
    .command('scheduled [schedule]')
    .description('scheduled changes of plans, or one of them with its notices')
    .option('--customer <name>', 'only notices to customers of such a name')
    .action(
      setup.run(async (context, [id], options) => {
        if (id === undefined || id === 'undefined') {
          const { rows } = await withControl(context, (client) =>
            client.call<{ readonly rows: readonly ScheduleRow[] }>('GET', '/lab/schedules'),
          );
          return present(context, rows, rowsText);
        }
        const name = options['customer'];
        const query = typeof name === 'string' ? `?q=${encodeURIComponent(name)}` : '';
        const answer = await withControl(context, (client) =>
          client.call<ScheduleAnswer>('GET', `/lab/schedules/${id}${query}`),
        );
        return present(context, answer, ({ text }) => text);
      }),
    );
  lab
    .command('unschedule <schedule>')
    .description('take a scheduled change back before its time')
    .action(
      setup.run(async (context, [id = '']) => {
        await withControl(context, (client) => client.call('DELETE', `/lab/schedules/${id}`));
        present(
          context,
          { id, state: 'cancelled' },
          () => `${id} is taken back; nobody is told of it any more.`,
        );
      }),
    );
}

function rowsText(rows: readonly ScheduleRow[]): string {
  if (rows.length === 0)
    return 'Nothing is scheduled. Try: breakeven lab recommend; breakeven lab schedule RESULT --at TIME --dry-run';
  return rows
    .map(
      (row) =>
        `${row.id ?? ''}  ${new Date(row.effectiveAtMs).toISOString().slice(0, 16).replace('T', ' ')}  ${row.state.padEnd(9)}  ${row.plan.padEnd(6)}  ${row.moved} of ${row.subscribers} moved  ${row.changes.join('; ')}`,
    )
    .join('\n');
}
