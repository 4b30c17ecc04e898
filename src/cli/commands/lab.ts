import { countText } from '#base/count-text.ts';
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import { DEFAULT_BEHAVIOUR } from '#lab/behaviour.ts';
import { formatCount, formatMoney } from '#lab/format.ts';
import type { LabResult, LabResultHead, Recommendation, ReplayResult } from '#lab/lab.schema.ts';
import { coverageText, oracleText } from '#lab/replay-scenario.ts';
import type { CommandOptions, CommandSetup } from '../command-setup.ts';
import { type CliContext, present, withControl } from '../context.ts';
import { follow } from './follow.ts';
import { labScheduleCommands } from './lab-schedules.ts';
import { readDocument } from '../read-document.ts';
import {
  type CustomerNames,
  customersIn,
  readCustomerNames,
  withCustomerNames,
} from './customer-names.ts';
import { labDemandCommand } from './lab-demand.ts';
import { detailText, touchedBy } from './lab-detail.ts';
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

const DETAIL = [
  '--detail',
  'all figures, tenths of the subscribers, and everybody who is touched with both bills',
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
    .option(...DETAIL)
    .option(...BOOK);
  assumptions(replay).action(
    setup.run(async (context, [scenario], options) => {
      const isGiven = scenario !== undefined && scenario !== 'undefined';
      const result = await follow<ReplayResult>(context, '/lab/replay', {
        ...question(options),
        ...(isGiven && { document: readDocument(scenario) }),
      });
      await presentNamed(context, result, options, ({ id, document }) => [
        '',
        `Result ${id}.${document === null ? '' : detailHint(id, options)}`,
      ]);
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
    .option('--fix <n>', 'which of the fixes to write', '1')
    .option(...DETAIL)
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
      // Where nothing needs to change there is nothing to write: the answer is told all the same.
      const isFirst = options['fix'] === '1';
      if (typeof file === 'string' && !(isFirst && result.document === null))
        writeFileSync(
          file,
          isFirst ? documentOf(result) : await fixDocument(context, result.id, options),
        );
      await presentNamed(context, result, options, (found) => recommendationEnd(found, options));
    }),
  );
  lab
    .command('results [result]')
    .description('results so far, or one of them')
    .option('--document <file>', 'write the breakeven.yaml of that result')
    .option('--fix <n>', 'of a recommendation: which of its fixes; 0 = the plan as it is')
    .option('--price <dollars>', 'the price in that document, instead of its own')
    .option(...DETAIL)
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
        const isFix = options['fix'] !== undefined || options['price'] !== undefined;
        if (typeof file === 'string')
          writeFileSync(file, isFix ? await fixDocument(context, id, options) : documentOf(result));
        return presentNamed(context, result, options, () => []);
      }),
    );
  labScheduleCommands(lab, setup);
}

/** So many of those who are touched are asked for by name. */
const NAMES_MAX = 50;

/** As {@link present}, customers by their names too; with everything that there is where asked for. */
async function presentNamed<Result extends LabResult>(
  context: CliContext,
  result: Result,
  options: CommandOptions,
  ending: (result: Result) => readonly string[],
): Promise<void> {
  if (context.output.json) return present(context, result, () => '');
  const isDetailed = options['detail'] === true;
  const touched = isDetailed ? touchedBy(result).slice(0, NAMES_MAX) : [];
  const ids = touched.flatMap(({ customer }) => customersIn(customer));
  const asked = [...customersIn(result.text), ...ids];
  const nameOf: CustomerNames =
    asked.length === 0 ? (id) => id : await readCustomerNames(context, result.book, asked);
  const text = [
    withCustomerNames(result.text, nameOf),
    ...(isDetailed ? ['', detailText(result, nameOf)] : []),
    ...ending(result),
  ].join('\n');
  present(context, result, () => text);
}

/** The document of one fix of a result. @throws DomainError `not_found` */
async function fixDocument(
  context: CliContext,
  result: string,
  options: CommandOptions,
): Promise<string> {
  const { fix: number, price } = options;
  const query = typeof price === 'string' ? `?price=${encodeURIComponent(price)}` : '';
  const rank = typeof number === 'string' ? number : '1';
  const fix = await withControl(context, (client) =>
    client.call<{ readonly document: string | null }>(
      'GET',
      `/lab/results/${result}/fixes/${rank}${query}`,
    ),
  );
  return documentOf(fix);
}

/** The options that say what people are taken to do: one for each assumption. */
function assumptions(command: Command): Command {
  command.option('--from <date>', 'first day (UTC) that counts');
  for (const [flag, name, words] of ASSUMPTIONS)
    command.option(`${flag} <number>`, `${words} (default ${DEFAULT_BEHAVIOUR[name]})`);
  return command
    .option('--no-reaction', 'everybody stays and does what they did')
    .option('--seed <n>', 'equal seeds give equal results', '1');
}

const ASSUMPTIONS = [
  ['--elasticity', 'priceElasticity', 'price elasticity of those who pay'],
  ['--elasticity-low', 'priceElasticityLow', 'lower end of its band'],
  ['--elasticity-high', 'priceElasticityHigh', 'upper end of its band'],
  ['--use-and-worth', 'usageValueCorrelation', 'how willingness to pay goes with use, -1 to 1'],
  ['--refused-loss', 'refusedLoss', 'what a refused answer loses of its worth'],
  ['--fallback-loss', 'fallbackLoss', 'what an answer by a lesser class loses'],
  ['--slow-loss', 'slowLoss', 'what a slowed answer loses'],
  ['--switching-cost', 'switchingCost', 'how much better another plan must be, in bills'],
  ['--deferred', 'deferredShare', 'of refused requests, how many come again'],
] as const;

function question(options: CommandOptions): object {
  const behaviour = Object.fromEntries(
    ASSUMPTIONS.flatMap(([flag, name]) => {
      const given = options[optionName(flag)];
      return given === undefined ? [] : [[name, Number(given)]];
    }),
  );
  return {
    ...(options['book'] !== undefined && { book: options['book'] }),
    ...(options['from'] !== undefined && { from: options['from'] }),
    behaviour: { ...behaviour, ...(options['reaction'] === false && { reacts: false }) },
    seed: Number(options['seed']),
  };
}

/** `--elasticity-low` as commander keeps it: `elasticityLow`. */
const optionName = (flag: string): string =>
  flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function documentOf(result: Pick<LabResult, 'document'>): string {
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
  return `The ${book} book: ${countText(days, 'day')} in the lake, ${sealed.length} of them sealed now.${gone}`;
}

function recommendationEnd(found: Recommendation, options: CommandOptions): readonly string[] {
  return [
    '',
    oracleText(found.oracle),
    coverageText(found.coverage),
    assumed(found),
    '',
    `Result ${found.id}, after ${formatCount(Math.round(found.seconds))} s.${detailHint(found.id, options)}`,
    ...nextSteps(found, options),
  ];
}

const detailHint = (id: string, { detail }: CommandOptions): string =>
  detail === true
    ? ''
    : ` Every figure, and everybody touched: breakeven lab results ${id} --detail`;

/** What can be done with it now. */
function nextSteps(
  { id, plan, book, fixes, document }: Recommendation,
  options: CommandOptions,
): readonly string[] {
  const { out: file, fix } = options;
  const [first] = fixes;
  if (typeof file === 'string') {
    if (document === null && fix === '1')
      return [`Nothing was written to ${file}: the plan stays as it is.`];
    return [
      `Wrote ${file}. To see and publish it: breakeven diff ${file}; breakeven apply ${file}`,
    ];
  }
  if (first === undefined) return [];
  const write = `breakeven lab results ${id}${document === null ? ' --fix 2' : ''} --document fix.yaml; breakeven diff fix.yaml; breakeven apply fix.yaml`;
  if (document === null) return fixes.length < 2 ? [] : [`To change it all the same: ${write}`];
  if (!first.fits && first.misses.join() === 'harm')
    return [
      `To look within wider bounds: breakeven lab recommend --book ${book} --plan ${plan} --harm-max ${Math.ceil(first.harmedShare * 100) / 100}`,
    ];
  return [`To try it: ${write}`];
}

function assumed({ behaviour, seed, result: { reaction } }: Recommendation): string {
  if (!behaviour.reacts) return 'Assumed: everybody stays and does what they did.';
  const { priceElasticity, priceElasticityLow, priceElasticityHigh, deferredShare } = behaviour;
  const money = (text: string): string => formatMoney(BigInt(text));
  const [ends, interval] =
    reaction === null
      ? ['', '']
      : [
          `, at whose ends the margin is ${money(reaction.marginAtLowElasticity)} and ${money(reaction.marginAtHighElasticity)}`,
          ` Margin within ${money(reaction.marginInterval.low)} to ${money(reaction.marginInterval.high)} (90%, by which subscribers there are).`,
        ];
  return `Assumed: price elasticity ${priceElasticity} (band ${priceElasticityLow} to ${priceElasticityHigh}${ends}), ${deferredShare * 100}% of refused requests come again; seed ${seed}.${interval}`;
}

function headsText(heads: readonly LabResultHead[]): string {
  if (heads.length === 0) return 'The lab has no results yet. Try: breakeven lab recommend';
  return heads
    .map(({ id, kind, book, createdAtMs, text, marginBefore, marginAfter }) => {
      const at = new Date(createdAtMs).toISOString().slice(0, 16).replace('T', ' ');
      const margins = [marginBefore, marginAfter].map((each) => formatMoney(BigInt(each)));
      const words = kind === 'replay' ? `All plans: margin ${margins.join(' → ')}` : text;
      return `${id}  ${at}  ${kind.padEnd(14)}  ${book.padEnd(4)}  ${words}`;
    })
    .join('\n');
}
