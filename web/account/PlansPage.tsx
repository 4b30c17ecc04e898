import { useState } from 'react';
import type { MyPlans, OfferedPlan } from '../../src/http/shapes/me.ts';
import type { PlanChangePreview, PlanRequestRow } from '../../src/http/shapes/plans.ts';
import { api } from '../chat/api.ts';
import { Dialog } from '../chat/Dialog.tsx';
import { className } from '../chat/meter-words.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { count, dateText, moment, numberOf, usd } from '../ui/figures.ts';
import { Button, Empty, Failure, Loading } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { listed } from '../ui/words.ts';
import { PlanNotices } from './PlanNotices.tsx';
import { fullWords, gateWords } from './terms.ts';

/** Tiers side by side: what each lets through, and what happens at its limit. */
export function PlansPage() {
  const plans = useRemote<MyPlans>('/me/plans');
  const asked = useRemote<{ readonly rows: readonly PlanRequestRow[] }>('/me/plan-requests');
  const [chosen, choose] = useState<OfferedPlan>();
  if (plans.error && !plans.data) return <Failure error={plans.error} onAgain={plans.reload} />;
  if (!plans.data) return <Loading rows={8} />;
  const open = asked.data?.rows.find(({ state }) => state === 'open');
  const { rows, typical, canChange } = plans.data;
  const titleOf = (name: string): string =>
    rows.find(({ plan }) => plan === name)?.displayName ?? name;
  return (
    <>
      <PlanNotices keeps />
      <p className="account-sentence">
        {typical
          ? m.me_typical({
              messages: count(typical.messagesPerDay),
              tokens: count(typical.tokensPerMessage),
            })
          : m.me_plans_sentence()}
      </p>
      {open && (
        <p role="status" className="plan-asked">
          {m.me_asked({ plan: titleOf(open.plan), at: moment(open.askedAtMs) })}
        </p>
      )}
      {rows.length === 0 ? (
        <Empty>{m.me_no_plans()}</Empty>
      ) : (
        <div className="tiers">
          {rows.map((plan) => (
            <Tier
              key={plan.plan}
              plan={plan}
              typicalPerDay={typical?.messagesPerDay}
              onChoose={canChange && !open ? () => choose(plan) : undefined}
            />
          ))}
        </div>
      )}
      {!canChange && <p className="soft">{m.me_only_admins()}</p>}
      {chosen && (
        <Dialog
          title={m.me_change_title({ plan: chosen.displayName })}
          onClose={() => choose(undefined)}
        >
          <ChangePreview
            plan={chosen}
            onAsked={() => {
              choose(undefined);
              asked.reload();
            }}
          />
        </Dialog>
      )}
    </>
  );
}

function Tier({
  plan,
  typicalPerDay,
  onChoose,
}: {
  readonly plan: OfferedPlan;
  readonly typicalPerDay: number | undefined;
  readonly onChoose: (() => void) | undefined;
}) {
  const daily = plan.gates.find(
    ({ unit, window, limit }) => unit === 'messages' && window === 'calendar day' && limit !== null,
  );
  const isEnough = typicalPerDay !== undefined && typicalPerDay * 1000 <= (daily?.limit ?? -1);
  return (
    <section className={plan.current ? 'tier tier-mine' : 'tier'} aria-label={plan.displayName}>
      <h2>{plan.displayName}</h2>
      <p className="tier-price">
        <strong>{usd(plan.priceNanoUsd)}</strong> <span>{m.me_a_month()}</span>
      </p>
      <ul>
        <li>
          {m.me_classes({ classes: listed(plan.classes.map(({ name }) => className(name))) })}
        </li>
        {plan.billing === 'metered' && <li>{m.me_metered()}</li>}
        {plan.gates.map((gate) => (
          <li key={gate.id}>
            {gateWords(gate)}
            <span className="faint">{fullWords(gate)}</span>
          </li>
        ))}
        {numberOf(plan.creditsNanoUsd) > 0 && (
          <li>{m.me_credits_included({ amount: usd(plan.creditsNanoUsd) })}</li>
        )}
        {plan.fareCapNanoUsd !== null && (
          <li>{m.me_fare_cap({ amount: usd(plan.fareCapNanoUsd) })}</li>
        )}
        {isEnough && <li>{m.me_enough()}</li>}
      </ul>
      <div className="tier-foot">
        {plan.current ? (
          <span className="tier-here">{m.me_your_plan()}</span>
        ) : (
          onChoose && <Button onClick={onChoose}>{m.me_see_change()}</Button>
        )}
      </div>
    </section>
  );
}

/** A limit before and after; where both read alike (its amount is not told), once. */
function GateChange({ from, to }: Pick<PlanChangePreview['gates'][number], 'from' | 'to'>) {
  const before = from && gateWords(from);
  const after = to ? gateWords(to) : m.me_gate_gone();
  return (
    <>
      {before && before !== after && <s>{before}</s>}
      <span>{after}</span>
    </>
  );
}

/** What a change would do to money and limits, before anything is asked for. */
function ChangePreview({
  plan,
  onAsked,
}: {
  readonly plan: OfferedPlan;
  readonly onAsked: () => void;
}) {
  const preview = useRemote<PlanChangePreview>(`/me/plans/${encodeURIComponent(plan.plan)}/change`);
  const [error, setError] = useState<unknown>();
  if (preview.error) return <Failure error={preview.error} onAgain={preview.reload} />;
  if (!preview.data) return <Loading rows={4} />;
  const change = preview.data;
  const due = numberOf(change.dueNowNanoUsd);
  const ask = (): void => {
    api('POST', '/me/plan-requests', { plan: plan.plan }).then(onAsked).catch(setError);
  };
  return (
    <div className="form">
      <dl className="facts">
        <dt>{m.me_change_unused({ plan: change.from.displayName })}</dt>
        <dd>{usd(change.unearnedNanoUsd)}</dd>
        <dt>
          {m.me_change_rest({ plan: change.to.displayName, at: dateText(change.periodEndsAtMs) })}
        </dt>
        <dd>{usd(change.restOfPeriodNanoUsd)}</dd>
        <dt>{due < 0 ? m.me_change_credited() : m.me_change_due()}</dt>
        <dd>
          <strong>{usd(Math.abs(due))}</strong>
        </dd>
      </dl>
      <ul className="change-gates">
        {change.gates.map(({ id, from, to }) => (
          <li key={id}>
            <GateChange from={from} to={to} />
          </li>
        ))}
      </ul>
      {change.classesLost.length > 0 && (
        <p>{m.me_classes_lost({ classes: listed(change.classesLost.map(className)) })}</p>
      )}
      {change.classesGained.length > 0 && (
        <p>{m.me_classes_gained({ classes: listed(change.classesGained.map(className)) })}</p>
      )}
      <p className="soft">{m.me_change_note()}</p>
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main onClick={ask}>
          {m.me_ask_for({ plan: plan.displayName })}
        </Button>
      </div>
    </div>
  );
}
