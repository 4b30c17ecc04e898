import type { Command } from 'commander';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';
import { readDocument } from '../read-document.ts';

interface Described {
  readonly text: string;
}

/** `diff`, `apply`, `prices`, `plans`: what the operator offers, as one document. */
export function offerCommands(program: Command, setup: CommandSetup): void {
  program
    .command('plans')
    .description('the plans on offer')
    .action(
      setup.run(async (context) => {
        const plans = await withControl(context, (client) =>
          client.call<Described>('GET', '/plans'),
        );
        present(context, plans, ({ text }) => text);
      }),
    );
  program
    .command('diff [file]')
    .description('what applying breakeven.yaml would change')
    .action(
      setup.run(async (context, [file]) => {
        const document = readDocument(file);
        const diff = await withControl(context, (client) =>
          client.call<Described>('POST', '/offer/diff', { document }),
        );
        present(context, diff, ({ text }) => text);
      }),
    );
  program
    .command('apply [file]')
    .description('publish breakeven.yaml as new versions, all of it or nothing')
    .option('--undo', 'point back to the versions before the last apply')
    .option('--correction', 'let prices take effect before, or replace, published ones')
    .action(
      setup.run(async (context, [file], options) => {
        const applied = await withControl(context, (client) =>
          options['undo']
            ? client.call<Described>('POST', '/offer/undo')
            : client.call<Described>('POST', '/offer/apply', {
                document: readDocument(file),
                correction: options['correction'] ?? false,
              }),
        );
        present(context, applied, ({ text }) => text);
      }),
    );
  const prices = program.command('prices').description('what suppliers charge us');
  prices
    .command('diff')
    .description('what importing the bundled price table would change')
    .action(
      setup.run(async (context) => {
        const diff = await withControl(context, (client) =>
          client.call<Described>('GET', '/prices/diff'),
        );
        present(context, diff, ({ text }) => text);
      }),
    );
  prices
    .command('import')
    .description('import the bundled price table as new price versions')
    .action(
      setup.run(async (context) => {
        const done = await withControl(context, (client) =>
          client.call<Described>('POST', '/prices/import'),
        );
        present(context, done, ({ text }) => text);
      }),
    );
}
