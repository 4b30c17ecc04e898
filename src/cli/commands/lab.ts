import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import { DEFAULT_BEHAVIOUR } from '#lab/behaviour.ts';
import type { LabResultHead } from '#lab/lab-results.ts';
import type { LabResult, Recommendation, ReplayResult } from '#lab/lab.schema.ts';
import { coverageText, oracleText } from '#lab/replay-scenario.ts';
import type { CommandOptions, CommandSetup } from '../command-setup.ts';
import { present, withControl } from '../context.ts';
import { follow } from './follow.ts';
import { readDocument } from '../read-document.ts';
import { labDemandCommand } from './lab-demand.ts';
import { labHardwareCommand } from './lab-hardware.ts';
import { labImportCommands } from './lab-import.ts';

interface Sealed {
  readonly book: string;
  readonly days: number;
  readonly sealed: readonly string[];
  readonly dropped: readonly string[];
}

const BOOK = [
  '--book <book>',
  'live, test, demo or import:NAME; default: live where it was used, else demo',
] as const;

/** `lab`: what another price would have done. */
export function labCommands(program: Command, setup: CommandSetup): void {
  const lab = program.command('lab').description('replay recorded use against another price');
  lab
    .command('seal')
    .description('bring the lake up to the books; days that changed are sealed anew')
    .option('--book <book>', 'live, test or demo', 'live')
    .action(
      setup.run(async (context, _, options) => {
        const sealed = await follow<Sealed>(context, '/lab/seal', { book: options['book'] });
        present(context, sealed, sealedText);
      }),
    );
  labImportCommands(lab, setup);
  labDemandCommand(lab, setup);
  labHardwareCommand(lab, setup);
  const replay = lab
    .command('replay [scenario]')
    .description('what a changed breakeven.yaml would have done to the recorded use')
    .option(...BOOK);
  assumptions(replay).action(
    setup.run(async (context, [scenario], options) => {
      const isGiven = scenario !== undefined && scenario !== 'undefined';
      const result = await follow<ReplayResult>(context, '/lab/replay', {
        ...question(options),
        ...(isGiven && { document: readDocument(scenario) }),
      });
      present(context, result, ({ id, text }) => `${text}\nResult ${id}`);
    }),
  );
  const recommend = lab
    .command('recommend')
    .description('the change of a plan that reaches a margin with the least harm')
    .option('--plan <plan>', 'default: the paid plan that loses most')
    .option('--target-margin <share>', 'margin over revenue to reach', '0.1')
    .option('--harm-max <share>', 'of the subscribers, how many may notice', '0.1')
    .option('--bill-max <times>', 'nobody pays more than this many times their bill', '2')
    .option('--out <file>', 'write the breakeven.yaml with the fix')
    .option(...BOOK);
  assumptions(recommend).action(
    setup.run(async (context, _, options) => {
      const result = await follow<Recommendation>(context, '/lab/recommend', {
        ...question(options),
        ...(options['plan'] !== undefined && { plan: options['plan'] }),
        targetMargin: Number(options['targetMargin']),
        harmMax: Number(options['harmMax']),
        billMax: Number(options['billMax']),
      });
      const file = options['out'];
      if (typeof file === 'string') writeFileSync(file, documentOf(result));
      present(context, result, (found) => recommendationText(found, file));
    }),
  );
  lab
    .command('results [result]')
    .description('results so far, or one of them')
    .option('--document <file>', 'write the breakeven.yaml of that result')
    .option('--limit <n>', 'how many', '20')
    .action(
      setup.run(async (context, [id], options) => {
        if (id === undefined || id === 'undefined') {
          const heads = await withControl(context, (client) =>
            client.call<readonly LabResultHead[]>(
              'GET',
              `/lab/results?limit=${Number(options['limit'])}`,
            ),
          );
          return present(context, heads, headsText);
        }
        const result = await withControl(context, (client) =>
          client.call<LabResult>('GET', `/lab/results/${id}`),
        );
        const file = options['document'];
        if (typeof file === 'string') writeFileSync(file, documentOf(result));
        return present(context, result, ({ text }) => text);
      }),
    );
}

/** The options that say what people are taken to do. */
function assumptions(command: Command): Command {
  const { priceElasticity, deferredShare } = DEFAULT_BEHAVIOUR;
  return command
    .option('--from <date>', 'first day (UTC) that counts')
    .option(
      '--elasticity <number>',
      `price elasticity of those who pay (default ${priceElasticity})`,
    )
    .option('--elasticity-band <low,high>', 'the band that results are also shown for')
    .option(
      '--deferred <share>',
      `of refused requests, how many come again (default ${deferredShare})`,
    )
    .option('--no-reaction', 'everybody stays and does what they did')
    .option('--seed <n>', 'equal seeds give equal results', '1');
}

function question(options: CommandOptions): object {
  const behaviour = {
    ...(options['elasticity'] !== undefined && { priceElasticity: Number(options['elasticity']) }),
    ...(typeof options['elasticityBand'] === 'string' && bandOf(options['elasticityBand'])),
    ...(options['deferred'] !== undefined && { deferredShare: Number(options['deferred']) }),
    ...(options['reaction'] === false && { reacts: false }),
  };
  return {
    ...(options['book'] !== undefined && { book: options['book'] }),
    ...(options['from'] !== undefined && { from: options['from'] }),
    behaviour,
    seed: Number(options['seed']),
  };
}

/** `0.8,1.4`; what is no number is refused by the server, by its name. */
function bandOf(text: string): object {
  const [low, high] = text.split(',').map(Number);
  return { priceElasticityLow: low, priceElasticityHigh: high };
}

function documentOf(result: LabResult): string {
  if (result.document !== null) return result.document;
  throw new DomainError(
    'not_found',
    'This result changes nothing, so there is no document to write.',
  );
}

function sealedText({ book, days, sealed, dropped }: Sealed): string {
  const gone =
    dropped.length > 0 ? ` ${dropped.length} that the books no longer have were dropped.` : '';
  if (days === 0) return `The ${book} book has no days to seal.${gone}`;
  return `The ${book} book: ${days} days in the lake, ${sealed.length} of them sealed now.${gone}`;
}

function recommendationText(found: Recommendation, file: unknown): string {
  const next =
    found.document === null
      ? []
      : typeof file === 'string'
        ? [`Wrote ${file}. To see and publish it: breakeven diff ${file}; breakeven apply ${file}`]
        : [
            `To try it: breakeven lab results ${found.id} --document fix.yaml; breakeven diff fix.yaml; breakeven apply fix.yaml`,
          ];
  return [
    found.text,
    '',
    oracleText(found.oracle),
    coverageText(found.coverage),
    assumed(found),
    ...next,
  ].join('\n');
}

function assumed({ behaviour, seed }: Recommendation): string {
  if (!behaviour.reacts) return 'Assumed: everybody stays and does what they did.';
  const { priceElasticity, priceElasticityLow, priceElasticityHigh, deferredShare } = behaviour;
  return `Assumed: price elasticity ${priceElasticity} (band ${priceElasticityLow} to ${priceElasticityHigh}), ${deferredShare * 100}% of refused requests come again; seed ${seed}.`;
}

function headsText(heads: readonly LabResultHead[]): string {
  if (heads.length === 0) return 'The lab has no results yet. Try: breakeven lab recommend';
  return heads
    .map(
      ({ id, kind, book, createdAtMs, text }) =>
        `${id}  ${new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ')}  ${kind.padEnd(14)}  ${book.padEnd(4)}  ${text}`,
    )
    .join('\n');
}
