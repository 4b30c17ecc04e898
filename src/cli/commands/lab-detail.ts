import { formatCount, formatMoney } from '#lab/format.ts';
import type { Figures, LabResult, PlanResult, Subscriber } from '#lab/lab.schema.ts';
import { table } from '../output.ts';
import type { CustomerNames } from './customer-names.ts';

const money = (text: string): string => formatMoney(BigInt(text));

/** Everything that a result has of the plans it changes: figures, tenths, and everybody who is touched. */
export function detailText(result: LabResult, nameOf: CustomerNames): string {
  const plans =
    result.kind === 'replay' ? result.plans.filter(({ changed }) => changed) : [result.result];
  return [...plans.map(planText), peopleText(touchedBy(result), nameOf)].join('\n\n');
}

/** Those to whom a result does something, the most harmed first. */
export const touchedBy = (result: LabResult): readonly Subscriber[] =>
  result.kind === 'replay' ? result.subscribers : result.reactions;

function planText(plan: PlanResult): string {
  const { before, after, reaction, deciles, limitedByTenth } = plan;
  const limited = limitedByTenth.reduce((sum, count) => sum + count, 0);
  return [
    `${plan.label}, today and changed${reaction === null ? '' : ', if nobody reacts and with what people do'}:`,
    table(figureRows(before, after, reaction), [
      { title: '', value: ({ name }) => name },
      { title: 'today', value: (row) => row.before, align: 'right' },
      { title: 'changed', value: (row) => row.after, align: 'right' },
      ...(reaction === null
        ? []
        : [
            {
              title: 'with what people do',
              value: (row: FigureRow) => row.reacted,
              align: 'right' as const,
            },
          ]),
    ]),
    '',
    `${formatCount(plan.winners)} are better off, ${formatCount(plan.harmed)} notice it as worse.`,
    limited === 0
      ? 'No request meets a limit.'
      : `${formatCount(limited)} requests of ${plan.subscribersLimited} subscribers meet a limit; by tenths of the billing period: ${limitedByTenth.map(formatCount).join(', ')}.`,
    '',
    'By tenths of the subscribers, those who cost least first:',
    table(deciles, [
      { title: 'tenth', value: (row) => String(row.decile), align: 'right' },
      { title: 'subscribers', value: (row) => formatCount(row.subscribers), align: 'right' },
      { title: 'bills today', value: (row) => money(row.billBefore), align: 'right' },
      { title: 'changed', value: (row) => money(row.billAfter), align: 'right' },
      { title: 'margin today', value: (row) => money(row.marginBefore), align: 'right' },
      { title: 'changed', value: (row) => money(row.marginAfter), align: 'right' },
      { title: 'notice', value: (row) => formatCount(row.harmed), align: 'right' },
    ]),
  ].join('\n');
}

interface FigureRow {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly reacted: string;
}

function figureRows(
  before: Figures,
  after: Figures,
  reaction: PlanResult['reaction'],
): readonly FigureRow[] {
  const reacted = (of: 'revenue' | 'cost' | 'margin'): string =>
    reaction === null ? '' : money(reaction[of]);
  const amounts = (['revenue', 'cost', 'margin'] as const).map((name) => ({
    name,
    before: money(before[name]),
    after: money(after[name]),
    reacted: reacted(name),
  }));
  const requests = (
    [
      ['served', 'requests served'],
      ['refused', 'refused'],
      ['fellBack', 'answered by a class that fell back'],
      ['slowed', 'slowed'],
      ['creditPaid', 'paid from credits'],
      ['overagePaid', 'charged as overage'],
    ] as const
  ).map(([key, name]) => ({
    name,
    before: formatCount(before[key]),
    after: formatCount(after[key]),
    reacted: '',
  }));
  return [
    {
      name: 'subscribers',
      before: formatCount(before.subscribers),
      after: formatCount(after.subscribers),
      reacted: reaction === null ? '' : formatCount(reaction.stay),
    },
    ...amounts,
    ...requests,
  ];
}

function peopleText(people: readonly Subscriber[], nameOf: CustomerNames): string {
  if (people.length === 0) return 'Nobody notices anything.';
  return [
    'Who is touched, the most harmed first:',
    table(people, [
      { title: 'subscriber', value: ({ customer }) => nameOf(customer) },
      { title: 'bill today', value: (row) => money(row.billBefore), align: 'right' },
      { title: 'changed', value: (row) => money(row.billAfter), align: 'right' },
      { title: 'refused', value: (row) => formatCount(row.newlyRefused), align: 'right' },
      { title: 'other class', value: (row) => formatCount(row.newlyFellBack), align: 'right' },
      { title: 'slower', value: (row) => formatCount(row.newlySlowed), align: 'right' },
      { title: 'freed', value: (row) => formatCount(row.freed), align: 'right' },
      { title: 'notices', value: ({ harmed }) => (harmed ? 'yes' : 'no') },
      { title: 'does', value: ({ choice }) => choice },
    ]),
  ].join('\n');
}
