import type { Command } from 'commander';
import { DomainError } from '#base/domain-error.ts';
import { seededRandom } from '#base/random.ts';
import { readExperiment } from '#lab/demand-file.ts';
import { type DemandEstimate, type Estimate, estimateDemand, takeUp } from '#lab/demand.ts';
import type { CommandSetup } from '../command-setup.ts';
import { present } from '../context.ts';

/** `lab demand`: what an experiment with prices says of demand. */
export function labDemandCommand(lab: Command, setup: CommandSetup): void {
  lab
    .command('demand <file>')
    .description(
      'estimate demand from an experiment: a CSV row a customer with price, took and, where known, cost',
    )
    .requiredOption('--price <dollars>', 'the price at which elasticity and take-up are told')
    .option('--curve <scale>', 'log or linear in the price', 'log')
    .option('--seed <n>', 'of the bootstrap: equal seeds give equal intervals', '1')
    .action(
      setup.run(async (context, [file], options) => {
        const at = Number(options['price']);
        if (!(at > 0))
          throw new DomainError('invalid_request', '--price must be an amount in dollars.', {
            field: 'price',
          });
        const { curve: scale } = options;
        if (scale !== 'log' && scale !== 'linear')
          throw new DomainError('invalid_request', '--curve must be log or linear.', {
            field: 'curve',
          });
        const exposures = readExperiment(file ?? '');
        const random = seededRandom(Number(options['seed']));
        const estimate = estimateDemand(exposures, { at, scale, random });
        present(context, { at, ...estimate }, (found) => demandText(found, exposures.length));
      }),
    );
}

const dollars = (value: number): string => `$${value.toFixed(2)}`;
const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;

function demandText(found: DemandEstimate & { readonly at: number }, customers: number): string {
  const { at, arms, model, elasticity, goodPrices } = found;
  const between = (each: Estimate, format: (value: number) => string): string =>
    `${format(each.value)} (90%: ${format(each.low)} to ${format(each.high)})`;
  const [low, high] = [arms[0]?.price ?? at, arms.at(-1)?.price ?? at];
  const isAtEnd = found.bestPrice === low || found.bestPrice === high;
  const rounded = (value: number): string => value.toFixed(2);
  return [
    `${customers.toLocaleString('en')} customers were shown ${arms.length} prices:`,
    ...arms.map(
      ({ price, asked, took, cost }) =>
        `  ${dollars(price)}: ${took.toLocaleString('en')} of ${asked.toLocaleString('en')} took it (${percent(took / asked)}; the curve says ${percent(takeUp(model.demand, price))})${took > 0 && cost > 0 ? `, at a mean cost of ${dollars(cost / took)}` : ''}`,
    ),
    `At ${dollars(at)}: elasticity ${between(elasticity, rounded)}, take-up ${between(found.takeUp, percent)}, profit for each customer asked ${between(found.profit, dollars)}.`,
    `Most profit at ${dollars(found.bestPrice)}; from ${dollars(goodPrices.low)} to ${dollars(goodPrices.high)} it is within 5% of that.${isAtEnd ? ' That is the end of the prices shown: the best may lie beyond.' : ''}`,
    `As an assumption of the lab: breakeven lab recommend --elasticity ${rounded(elasticity.value)} --elasticity-low ${rounded(elasticity.low)} --elasticity-high ${rounded(elasticity.high)}`,
  ].join('\n');
}
