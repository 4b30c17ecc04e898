import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import { namedId } from '#base/id.ts';
import { usageOf } from '#metering/usage.ts';
import { type Reading, readDollars, readRate } from '#offer/readable-units.ts';
import { completeRates, type PriceVersion } from '#pricing/price.ts';
import { formatMoney, formatShare } from '#lab/format.ts';
import { ownHardware, type OwnHardwareResult } from '#lab/own-hardware.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present } from '../context.ts';

/** `lab hardware`: own machines beside what their tokens are worth. */
export function labHardwareCommand(lab: Command, setup: CommandSetup): void {
  lab
    .command('hardware')
    .description('what own machines cost by the hour, beside what their tokens are worth')
    .requiredOption('--nodes <n>', 'on average')
    .option('--gpus <n>', 'in each of them', '8')
    .requiredOption('--gpu-hour <price>', 'such as $2')
    .option('--hours <n>', 'how long', '24')
    .requiredOption('--input <tokens>', 'not cached')
    .option('--cached <tokens>', 'cached input', '0')
    .requiredOption('--output <tokens>', 'thinking included')
    .requiredOption(
      '--rates <prices>',
      'dollars a million of input, cached input, output: $0.55,$0.14,$2.19',
    )
    .action(
      setup.run(async (context, _, options) => {
        const number = (name: string): number => {
          const value = Number(options[name]);
          if (value >= 0) return value;
          throw new DomainError('invalid_request', `--${name} must be a number.`, { field: name });
        };
        const result = ownHardware(
          {
            nodes: number('nodes'),
            gpusPerNode: number('gpus'),
            gpuHourNanoUsd: valueOf('gpu-hour', readDollars(String(options['gpuHour']))),
            hours: number('hours'),
          },
          usageOf({
            input: number('input'),
            input_cached: number('cached'),
            output: number('output'),
          }),
          priceList(String(options['rates'])),
        );
        present(context, result, hardwareText);
      }),
    );
}

function priceList(text: string): PriceVersion {
  const parts = text.split(',');
  if (parts.length !== 3)
    throw new DomainError(
      'invalid_request',
      '--rates needs three prices: input, cached input, output.',
      {
        field: 'rates',
      },
    );
  const [input = 0, input_cached = 0, output = 0] = parts.map((part) =>
    valueOf('rates', readRate(part.trim(), 'million')),
  );
  const rates = completeRates({ input, input_cached, output });
  return {
    id: namedId('priceVersion', 'own hardware'),
    supplier: 'own',
    model: 'own',
    effectiveFromMs: 0,
    serviceTiers: { standard: [{ aboveInputTokens: 0, rates }] },
    dayWindows: [],
    source: 'the command line',
  };
}

function valueOf<T>(option: string, reading: Reading<T>): T {
  if ('value' in reading) return reading.value;
  throw new DomainError('invalid_request', `--${option}: ${reading.problem}`, { field: option });
}

function hardwareText(result: OwnHardwareResult): string {
  return [
    `The machines cost ${formatMoney(result.costNanoUsd)}, ${formatMoney(Math.round(result.costNanoUsdPerMillionOutput))} for a million tokens of output.`,
    `Their tokens are worth ${formatMoney(result.revenueNanoUsd)}: a margin of ${formatShare(result.marginShare)} of revenue, ${formatShare(result.profitOnCost)} on cost.`,
    `They pay for themselves where ${formatShare(result.breakEvenShare)} of these tokens are sold at that price.`,
  ].join('\n');
}
