import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import { startBreakeven } from '#src/main.ts';
import { restoreInto } from '#src/restore-offline.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';

interface Health {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}

/** Signals of one key press arrive within this. */
const ECHO_MS = 1_000;

/** `start`, `setup`, `doctor`, `restore`. */
export function serverCommands(program: Command, setup: CommandSetup): void {
  program
    .command('start')
    .description('start the service; stops on Ctrl-C after the running requests')
    .action(
      setup.run(async (context) => {
        const running = await startBreakeven(context.config, (line) =>
          context.output.progress(line),
        );
        present(context, running.where, (where) =>
          [
            `Breakeven is ready.`,
            ``,
            `  API        ${where.url}/v1     (OpenAI and Anthropic clients)`,
            `  Operators  ${where.url}/api    (OpenAPI at ${where.url}/api/openapi.json)`,
            `  Books      ${where.database}`,
            `  Models     ${where.models}`,
            ``,
            ...(where.setUp === undefined
              ? [`Open ${where.url}`]
              : [
                  `Nobody owns this installation yet. Open this address, once, to make it yours:`,
                  ``,
                  `  ${where.setUp}`,
                  ``,
                  `For the API alone, in another terminal: npx breakeven setup`,
                ]),
          ].join('\n'),
        );
        const stop = new AbortController();
        let askedAtMs = 0;
        for (const signal of ['SIGINT', 'SIGTERM'] as const) {
          process.on(signal, () => {
            // A second signal is impatience: end at once, the reaper tidies up at the next start. But
            // Ctrl-C comes from the terminal and again from each wrapper (npm, bin/breakeven).
            const nowMs = performance.now();
            if (stop.signal.aborted && nowMs - askedAtMs > ECHO_MS) process.exit(1);
            if (!stop.signal.aborted) askedAtMs = nowMs;
            stop.abort();
          });
        }
        await new Promise<void>((resolve) => {
          stop.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        context.output.progress('Stopping: waiting for running requests…\n');
        await running.stop();
      }),
    );
  program
    .command('setup')
    .description('make an owner key, a first customer and an API key, and say how to use them')
    .option('--name <name>', 'the first customer', 'First customer')
    .option('--plan <plan>', 'their plan', 'pro')
    .action(
      setup.run(async (context, _, options) => {
        const made = await withControl(context, async (client) => {
          const owners = await client.call<unknown[]>('GET', '/operators');
          if (owners.length > 0) {
            throw new DomainError(
              'conflict',
              'This installation is set up already. More keys: breakeven operator add, breakeven key create.',
            );
          }
          const customer = await client.call<{ id: string }>('POST', '/customers', options);
          const key = await client.call<{ secret: string }>(
            'POST',
            `/customers/${customer.id}/keys`,
            {
              name: 'first key',
            },
          );
          const owner = await client.call<{ secret: string }>('POST', '/operators', {
            name: 'Owner',
            role: 'owner',
          });
          const health = await client.call<{ url: string }>('GET', '/health');
          return {
            customer: customer.id,
            apiKey: key.secret,
            ownerKey: owner.secret,
            url: health.url,
          };
        });
        present(context, made, ({ customer, apiKey, ownerKey, url }) =>
          [
            `Owner key (for /api)      ${ownerKey}`,
            `API key of ${customer}`,
            `                          ${apiKey}`,
            ``,
            `Both are shown this once. Try the API:`,
            ``,
            `curl ${url}/v1/chat/completions \\`,
            `  -H "authorization: Bearer ${apiKey}" -H "content-type: application/json" \\`,
            `  -d '{"model": "sim-standard", "messages": [{"role": "user", "content": "Hello"}]}'`,
            ``,
            `Then: npx breakeven report pnl`,
          ].join('\n'),
        );
      }),
    );
  program
    .command('doctor')
    .description('check every part of the running installation')
    .action(
      setup.run(async (context) => {
        const health = await withControl(context, (client) =>
          client.call<Health>('GET', '/health'),
        );
        present(context, health, ({ checks }) =>
          checks
            .map(({ name, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`)
            .join('\n'),
        );
        return health.ok ? 0 : 1;
      }),
    );
  program
    .command('restore <file>')
    .description('load a backup into an empty installation that is not running')
    .action(
      setup.run(async (context, [file]) => {
        const done = await restoreInto(context.config, file ?? '');
        present(
          context,
          done,
          ({ rows }) => `Restored ${rows} rows. Prove them: npm start, then npx breakeven audit`,
        );
      }),
    );
}
