import type { Command } from 'commander';
import type { OperatorKey } from '#accounts/operator-keys.store.ts';
import { DomainError } from '#base/domain-error.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';
import { table } from '../output.ts';

/** `operator` and `supplier`. */
export function operatorCommands(program: Command, setup: CommandSetup): void {
  const operator = program
    .command('operator')
    .description("operators' keys for the API under /api");
  operator
    .command('add <name>')
    .description('make an operator key; its secret is shown once')
    .option('--role <role>', 'owner, operator or support', 'operator')
    .action(
      setup.run(async (context, [name], { role }) => {
        const made = await withControl(context, (client) =>
          client.call<{ key: OperatorKey; secret: string }>('POST', '/operators', { name, role }),
        );
        present(
          context,
          made,
          () =>
            `${made.secret}\n\nThis is ${made.key.id}. Its secret is shown this once; keep it now.`,
        );
      }),
    );
  operator
    .command('list')
    .description("operators' keys")
    .action(
      setup.run(async (context) => {
        const keys = await withControl(context, (client) =>
          client.call<(Omit<OperatorKey, 'revokedAt'> & { revokedAt?: string })[]>(
            'GET',
            '/operators',
          ),
        );
        present(context, keys, () =>
          keys.length === 0
            ? 'No operator keys yet. Make one: breakeven operator add "Ada" --role owner'
            : table(keys, [
                { title: 'id', value: (row) => row.id },
                { title: 'name', value: (row) => row.name },
                { title: 'role', value: (row) => row.role },
                { title: 'key', value: (row) => `${row.prefix}…` },
                { title: 'revoked', value: (row) => row.revokedAt ?? '–' },
              ]),
        );
      }),
    );
  operator
    .command('revoke <id>')
    .description('end an operator key now')
    .action(
      setup.run(async (context, [id]) => {
        const done = await withControl(context, (client) =>
          client.call<object>('DELETE', `/operators/${id}`),
        );
        present(context, done, () => `Revoked ${id}.`);
      }),
    );
  const supplier = program.command('supplier').description('who serves the models');
  supplier
    .command('list')
    .description('suppliers, and whether each has a key')
    .action(
      setup.run(async (context) => {
        const suppliers = await withControl(context, (client) =>
          client.call<{ id: string; baseUrl: string; hasKey: boolean }[]>('GET', '/suppliers'),
        );
        present(context, suppliers, () =>
          table(suppliers, [
            { title: 'supplier', value: (row) => row.id },
            { title: 'address', value: (row) => row.baseUrl },
            { title: 'key', value: (row) => (row.hasKey ? 'stored' : '–') },
          ]),
        );
      }),
    );
  supplier
    .command('key <supplier>')
    .description("store a supplier's key, read from standard input")
    .option('--remove', 'forget the key')
    .action(
      setup.run(async (context, [name], { remove }) => {
        const path = `/suppliers/${name}/key`;
        if (remove) {
          await withControl(context, (client) => client.call('DELETE', path));
          present(context, { ok: true }, () => `Forgot the key of ${name}.`);
          return;
        }
        const key = (await readStandardInput()).trim();
        if (!key)
          throw new DomainError('invalid_request', 'No key on standard input.', { field: 'key' });
        await withControl(context, (client) => client.call('POST', path, { key }));
        present(context, { ok: true }, () => `Stored the key of ${name}, encrypted.`);
      }),
    );
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the key, then press Enter and Ctrl-D:\n');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
