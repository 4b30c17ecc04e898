import type { PlanResult, ReplayResult } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';
import { useRemote } from '../../ui/remote.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { useCustomers } from './customer-names.ts';
import { Effects } from './Effects.tsx';
import { ScenarioDocument } from './ScenarioDocument.tsx';
import { Trust } from './Trust.tsx';
import { WhoNotices } from './WhoNotices.tsx';

/** What a changed document would have done: every plan before and after, and whom it touches. */
export function ReplayView({
  result,
  isRunning,
  onReplay,
}: {
  readonly result: ReplayResult;
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
}) {
  const { data: offer } = useRemote<{ readonly document: string | null }>('/offer');
  const changed = result.plans.filter((plan) => plan.changed);
  return (
    <>
      <Trust result={result} />
      <Part title={m.lab_plans()} note={m.lab_plans_note()}>
        <LocalTable<PlanResult>
          caption={m.lab_plans()}
          rows={result.plans}
          rowKey={(plan) => plan.label}
          columns={[
            { key: 'plan', label: m.lab_plan(), cell: (plan) => plan.label },
            {
              key: 'subscribers',
              label: m.op_subscribers(),
              isFigure: true,
              isSecond: true,
              cell: (plan) => count(plan.before.subscribers),
            },
            {
              key: 'before',
              label: m.lab_margin_today(),
              isFigure: true,
              cell: (plan) => <Money of={plan.before.margin} />,
            },
            {
              key: 'after',
              label: m.lab_margin_changed(),
              isFigure: true,
              cell: (plan) => <Money of={plan.after.margin} />,
            },
            {
              key: 'reacted',
              label: m.lab_margin_reacts(),
              isFigure: true,
              isSecond: true,
              cell: ({ reaction }) => (reaction ? <Money of={reaction.margin} /> : '–'),
            },
            {
              key: 'harmed',
              label: m.lab_harmed(),
              isFigure: true,
              cell: (plan) => `${count(plan.harmed)} (${percent(plan.harmedShare)})`,
            },
            {
              key: 'bill',
              label: m.lab_highest_bill(),
              isFigure: true,
              isSecond: true,
              cell: ({ billMultipleMax }) =>
                billMultipleMax === null ? '–' : `×${billMultipleMax.toFixed(2)}`,
            },
          ]}
        />
      </Part>
      {changed.map((plan) => (
        <ChangedPlan key={plan.label} result={result} plan={plan} />
      ))}
      {result.document !== null && (
        <Part title={m.lab_own()} note={m.lab_own_note()}>
          <ScenarioDocument
            key={result.id}
            first={result.document}
            inForce={offer?.document ?? null}
            isRunning={isRunning}
            onReplay={onReplay}
          />
        </Part>
      )}
    </>
  );
}

function Money({ of }: { readonly of: string }) {
  return of.startsWith('-') ? <span className="under">{usd(of)}</span> : usd(of);
}

/** What happens on one plan, and to whom. */
function ChangedPlan({
  result,
  plan,
}: {
  readonly result: ReplayResult;
  readonly plan: PlanResult;
}) {
  const customers = useCustomers(result, plan.plan);
  return (
    <>
      <Effects plan={plan} title={m.lab_effects_of({ plan: plan.label })} />
      <WhoNotices
        people={result.subscribers.filter((each) => each.plan === plan.label)}
        customers={customers}
      />
    </>
  );
}
