import type { Command } from 'commander';
import type { ApiKey } from '#accounts/api-keys.store.ts';
import type { IssuedApiKey } from '#accounts/api-keys.ts';
import type { Customer } from '#accounts/customers.store.ts';
import { formatUsd } from '#base/money.ts';
import { present, withControl } from '../context.ts';
import type { CommandSetup } from '../command-setup.ts';
import { table } from '../output.ts';

/** A key as it travels in JSON. */
type Sent<T> = {
  readonly [Key in keyof T]: T[Key] extends Date | undefined ? string | undefined : T[Key];
};

const BOOK = ['--book <book>', 'live, test or demo', 'live'] as const;

/** `customer` and `key`. */
export function customerCommands(program: Command, setup: CommandSetup): void {
  const customer = program.command('customer').description('customers, their plans and credits');
  customer
    .command('add <name>')
    .description('add a customer and subscribe them to a plan')
    .option('--plan <plan>', 'plan to subscribe to', 'free')
    .option('--email <email>')
    .option('--time-zone <zone>', 'IANA time zone of their calendar limits', 'UTC')
    .option(...BOOK)
    .action(
      setup.run(async (context, [name], options) => {
        const made = await withControl(context, (client) =>
          client.call<{ id: string; plan: string }>('POST', '/customers', { name, ...options }),
        );
        present(context, made, () => `Added ${made.id} on the plan ${made.plan}.`);
      }),
    );
  customer
    .command('list')
    .description('customers, newest first')
    .option('--limit <n>', 'how many', '50')
    .option(...BOOK)
    .action(
      setup.run(async (context, _, options) => {
        const query = new URLSearchParams(options as Record<string, string>);
        const customers = await withControl(context, (client) =>
          client.call<Sent<Customer>[]>('GET', `/customers?${query.toString()}`),
        );
        present(context, customers, () =>
          customers.length === 0
            ? 'No customers yet. Add one: breakeven customer add "Ada" --plan plus'
            : table(customers, [
                { title: 'id', value: (row) => row.id },
                { title: 'name', value: (row) => row.name },
                { title: 'since', value: (row) => String(row.createdAt).slice(0, 10) },
              ]),
        );
      }),
    );
  customer
    .command('show <id>')
    .description('plan, balances, gates and keys of a customer')
    .option(...BOOK)
    .action(
      setup.run(async (context, [id], options) => {
        const query = new URLSearchParams(options as Record<string, string>);
        const shown = await withControl(context, (client) =>
          client.call<object>('GET', `/customers/${id}?${query.toString()}`),
        );
        present(context, shown, (value) => JSON.stringify(value, undefined, 2));
      }),
    );
  customer
    .command('plan <id> <plan>')
    .description('move a customer to another plan, now and prorated')
    .option(...BOOK)
    .action(
      setup.run(async (context, [id, plan], options) => {
        const changed = await withControl(context, (client) =>
          client.call<object>('POST', `/customers/${id}/plan`, { plan, ...options }),
        );
        present(context, changed, () => `${id} is now on the plan ${plan}.`);
      }),
    );
  customer
    .command('credit <id> <usd>')
    .description('grant credits to a customer')
    .requiredOption('--reference <text>', 'what the grant is for; the same reference grants once')
    .option('--kind <kind>', 'bought or promotional', 'bought')
    .option('--expires-at <instant>')
    .option(...BOOK)
    .action(
      setup.run(async (context, [id, amountUsd], options) => {
        const granted = await withControl(context, (client) =>
          client.call<object>('POST', `/customers/${id}/credits`, { amountUsd, ...options }),
        );
        present(context, granted, () => `Granted $${amountUsd} to ${id}.`);
      }),
    );
  keyCommands(program, setup);
}

function keyCommands(program: Command, setup: CommandSetup): void {
  const key = program.command('key').description('API keys');
  key
    .command('create <customer>')
    .description('make an API key; its secret is shown once')
    .option('--name <name>', 'what the key is for', 'default')
    .option('--scope <scopes...>', 'inference, read')
    .option('--cap-usd <usd>', 'what the key may spend in a calendar month')
    .option('--expires-at <instant>')
    .option(...BOOK)
    .action(
      setup.run(async (context, [customer], { scope, ...options }) => {
        const issued = await withControl(context, (client) =>
          client.call<Sent<IssuedApiKey>>('POST', `/customers/${customer}/keys`, {
            ...options,
            ...(scope !== undefined && { scopes: scope }),
          }),
        );
        present(
          context,
          issued,
          () =>
            `${issued.secret}\n\nThis is key ${issued.key.id}. Its secret is shown this once; keep it now.`,
        );
      }),
    );
  key
    .command('list <customer>')
    .description('keys of a customer')
    .option(...BOOK)
    .action(
      setup.run(async (context, [customer], options) => {
        const query = new URLSearchParams(options as Record<string, string>);
        const keys = await withControl(context, (client) =>
          client.call<Sent<ApiKey>[]>('GET', `/customers/${customer}/keys?${query.toString()}`),
        );
        present(context, keys, () =>
          keys.length === 0
            ? `No keys yet. Make one: breakeven key create ${customer}`
            : table(keys, [
                { title: 'id', value: (row) => row.id },
                { title: 'key', value: (row) => `${row.prefix}…` },
                { title: 'name', value: (row) => row.name },
                { title: 'scopes', value: (row) => row.scopes.join(' ') },
                {
                  title: 'cap a month',
                  align: 'right',
                  value: (row) => (row.capNanoUsd === undefined ? '–' : formatUsd(row.capNanoUsd)),
                },
                { title: 'ends', value: (row) => row.revokedAt ?? row.expiresAt ?? '–' },
              ]),
        );
      }),
    );
  key
    .command('rotate <key>')
    .description('make a successor; the old key ends after the grace period')
    .option('--grace-seconds <n>', 'how long the old key goes on', '86400')
    .action(
      setup.run(async (context, [id], options) => {
        const issued = await withControl(context, (client) =>
          client.call<Sent<IssuedApiKey>>('POST', `/keys/${id}/rotate`, {
            graceSeconds: Number(options['graceSeconds']),
          }),
        );
        present(
          context,
          issued,
          () =>
            `${issued.secret}\n\nThis is key ${issued.key.id}. Its secret is shown this once; keep it now.`,
        );
      }),
    );
  key
    .command('revoke <key>')
    .description('end a key now')
    .action(
      setup.run(async (context, [id]) => {
        const done = await withControl(context, (client) =>
          client.call<object>('DELETE', `/keys/${id}`),
        );
        present(context, done, () => `Revoked ${id}.`);
      }),
    );
}
