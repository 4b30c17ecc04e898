import type { Figures, PlanResult } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, usd } from '../../ui/figures.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { Tenths } from './Tenths.tsx';

interface Row {
  readonly name: string;
  readonly today: string;
  readonly changed: string;
  readonly reacted: string;
}

/** What a change makes of a plan in every figure, when in the period limits are met, and who pays what. */
export function Effects({ plan, title }: { readonly plan: PlanResult; readonly title: string }) {
  const hasReaction = plan.reaction !== null;
  return (
    <Part title={title} note={m.lab_effects_note()}>
      <LocalTable<Row>
        caption={title}
        rows={rowsOf(plan)}
        rowKey={(row) => row.name}
        columns={[
          { key: 'name', label: '', cell: (row) => row.name },
          { key: 'today', label: m.lab_today(), isFigure: true, cell: (row) => row.today },
          { key: 'changed', label: m.lab_changed(), isFigure: true, cell: (row) => row.changed },
          ...(hasReaction
            ? [
                {
                  key: 'reacted',
                  label: m.lab_with_reaction(),
                  isFigure: true,
                  cell: (row: Row) => row.reacted,
                },
              ]
            : []),
        ]}
      />
      <Tenths
        counts={plan.limitedByTenth}
        label={m.lab_limited({
          requests: count(plan.limitedByTenth.reduce((sum, each) => sum + each, 0)),
          subscribers: count(plan.subscribersLimited),
        })}
      />
      <details>
        <summary>{m.lab_deciles()}</summary>
        <LocalTable
          caption={m.lab_deciles()}
          rows={plan.deciles}
          rowKey={(row) => String(row.decile)}
          columns={[
            { key: 'tenth', label: '#', isFigure: true, cell: (row) => row.decile },
            {
              key: 'bills',
              label: m.lab_bill_today(),
              isFigure: true,
              cell: (row) => usd(row.billBefore),
            },
            {
              key: 'billsAfter',
              label: m.lab_bill_changed(),
              isFigure: true,
              cell: (row) => usd(row.billAfter),
            },
            {
              key: 'margin',
              label: m.lab_margin_today(),
              isFigure: true,
              isSecond: true,
              cell: (row) => usd(row.marginBefore),
            },
            {
              key: 'marginAfter',
              label: m.lab_margin_changed(),
              isFigure: true,
              cell: (row) => usd(row.marginAfter),
            },
            {
              key: 'harmed',
              label: m.lab_harmed(),
              isFigure: true,
              cell: (row) => `${count(row.harmed)} / ${count(row.subscribers)}`,
            },
          ]}
        />
      </details>
    </Part>
  );
}

function rowsOf({ before, after, reaction, winners, harmed }: PlanResult): readonly Row[] {
  const money = (name: string, key: 'revenue' | 'cost' | 'margin'): Row => ({
    name,
    today: usd(before[key]),
    changed: usd(after[key]),
    reacted: reaction === null ? '' : usd(reaction[key]),
  });
  const requests = (name: string, key: keyof Figures & CountName): Row[] =>
    before[key] === 0 && after[key] === 0
      ? []
      : [{ name, today: count(before[key]), changed: count(after[key]), reacted: '' }];
  return [
    {
      name: m.op_subscribers(),
      today: count(before.subscribers),
      changed: count(after.subscribers),
      reacted: reaction === null ? '' : count(reaction.stay),
    },
    { name: m.lab_winners(), today: '', changed: count(winners), reacted: '' },
    { name: m.lab_losers(), today: '', changed: count(harmed), reacted: '' },
    money(m.op_revenue(), 'revenue'),
    money(m.lab_cost(), 'cost'),
    money(m.lab_margin(), 'margin'),
    ...requests(m.lab_requests_served(), 'served'),
    ...requests(m.lab_requests_refused(), 'refused'),
    ...requests(m.lab_requests_other(), 'fellBack'),
    ...requests(m.lab_requests_slow(), 'slowed'),
    ...requests(m.lab_requests_credits(), 'creditPaid'),
    ...requests(m.lab_requests_overage(), 'overagePaid'),
  ];
}

type CountName = 'served' | 'refused' | 'fellBack' | 'slowed' | 'creditPaid' | 'overagePaid';
