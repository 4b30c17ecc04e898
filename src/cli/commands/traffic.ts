import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import {
  replayTrace,
  TRACE_FORMATS,
  type ReplayReport,
  type TraceFormat,
} from '#traffic/replay-trace.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';

/** `demo` and `replay`. */
export function trafficCommands(program: Command, setup: CommandSetup): void {
  program
    .command('demo')
    .description('fill the demo book with generated subscribers, or drop it')
    .option('--subscribers <n>', 'how many', '500')
    .option('--days <n>', 'how many days of use', '30')
    .option('--calibration <name>', 'light, typical or heavy', 'typical')
    .option('--seed <n>', 'equal seeds give equal demos', '1')
    .option('--drop', 'remove the demo book and nothing else')
    .action(
      setup.run(async (context, _, options) => {
        const done = await withControl(context, (client) =>
          options['drop']
            ? client.call<{ text: string }>('DELETE', '/demo')
            : client.follow<{ text: string }>(
                '/demo',
                {
                  subscribers: Number(options['subscribers']),
                  days: Number(options['days']),
                  calibration: options['calibration'],
                  seed: Number(options['seed']),
                },
                (step) => context.output.progress(String(step['text'])),
              ),
        );
        context.output.progress('');
        present(context, done, ({ text }) => text);
      }),
    );
  program
    .command('replay <file>')
    .description('send a recorded trace through the running gateway')
    .requiredOption('--format <format>', TRACE_FORMATS.join(', '))
    .option('--speed <factor>', 'how many times faster than recorded', '60')
    .option('--customers <n>', 'over how many customers', '200')
    .option('--seed <n>', 'equal seeds give equal mappings', '1')
    .option('--limit <n>', 'how many requests at most')
    .option('--book <book>', 'live or test', 'test')
    .action(
      setup.run(async (context, [file], options) => {
        const report = await withControl(context, (client) =>
          replayTrace({
            client,
            file: file ?? '',
            format: formatOf(options['format']),
            speed: Number(options['speed']),
            customers: Number(options['customers']),
            seed: Number(options['seed']),
            book: options['book'] === 'live' ? 'live' : 'test',
            ...(options['limit'] !== undefined && { requestsMax: Number(options['limit']) }),
            onProgress: (text) => context.output.progress(text),
          }),
        );
        context.output.progress('');
        present<ReplayReport>(context, report, ({ text }) => text);
      }),
    );
}

function formatOf(text: unknown): TraceFormat {
  const format = TRACE_FORMATS.find((known) => known === text);
  if (!format) {
    throw new DomainError(
      'invalid_request',
      `--format must be one of ${TRACE_FORMATS.join(', ')}.`,
      {
        field: 'format',
      },
    );
  }
  return format;
}
