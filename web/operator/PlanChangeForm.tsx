import { useState } from 'react';
import type { CustomerDetail } from '../../src/http/shapes/customers.ts';
import type { PlanChangePreview, PlansAnswer } from '../../src/http/shapes/plans.ts';
import { api } from '../chat/api.ts';
import { className } from '../chat/meter-words.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment, numberOf, usd } from '../ui/figures.ts';
import { Button, Failure, Field, Loading } from '../ui/parts.tsx';
import { forgetAnswers, queryOf, useRemote } from '../ui/remote.ts';
import { gateText } from './gate-words.ts';
import { useView } from './view.ts';

/** Moves a customer to another plan; first it shows what that does to money and limits. */
export function PlanChangeForm({
  customer,
  onDone,
}: {
  readonly customer: CustomerDetail;
  readonly onDone: () => void;
}) {
  const view = useView();
  const plans = useRemote<PlansAnswer>(`/console/plans${queryOf(view.query)}`);
  const others = plans.data?.rows.filter(({ plan }) => plan !== customer.plan?.name) ?? [];
  const [chosen, choose] = useState<string>();
  const plan = chosen ?? others[0]?.plan;
  const preview = useRemote<PlanChangePreview>(
    plan === undefined
      ? undefined
      : `/console/customers/${encodeURIComponent(customer.id)}/plan-change${queryOf({ book: view.book, plan })}`,
  );
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const change = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('POST', `/customers/${encodeURIComponent(customer.id)}/plan`, {
        book: view.book,
        plan,
      });
      forgetAnswers();
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  if (plans.error) return <Failure error={plans.error} onAgain={plans.reload} />;
  if (!plans.data) return <Loading rows={3} />;
  return (
    <form
      className="form sheet"
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <h2>{m.op_plan_change()}</h2>
      <Field label={m.op_plan_to()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={plan ?? ''}
            onChange={(event) => choose(event.target.value)}
          >
            {others.map((line) => (
              <option key={line.plan} value={line.plan}>
                {`${line.displayName} · ${usd(line.priceNanoUsd)}`}
              </option>
            ))}
          </select>
        )}
      </Field>
      {preview.error ? (
        <Failure error={preview.error} />
      ) : preview.data ? (
        <Effect preview={preview.data} />
      ) : (
        <Loading rows={3} />
      )}
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main type="submit" busy={isBusy} disabled={!preview.data || preview.isLoading}>
          {m.op_plan_change_do()}
        </Button>
        <Button onClick={onDone}>{m.op_cancel()}</Button>
      </div>
    </form>
  );
}

function Effect({ preview }: { readonly preview: PlanChangePreview }) {
  const due = numberOf(preview.dueNowNanoUsd);
  return (
    <>
      <p>
        {due >= 0
          ? m.op_due_now({ amount: usd(due), to: moment(preview.periodEndsAtMs) })
          : m.op_credited_now({ amount: usd(-due), to: moment(preview.periodEndsAtMs) })}
      </p>
      <dl className="pairs">
        <div>
          <dt>{m.op_unearned()}</dt>
          <dd>{usd(preview.unearnedNanoUsd)}</dd>
        </div>
        <div>
          <dt>{m.op_rest_of_period()}</dt>
          <dd>{usd(preview.restOfPeriodNanoUsd)}</dd>
        </div>
        <div>
          <dt>{m.op_balance_allowance()}</dt>
          <dd>{`${usd(preview.allowanceNow)} → ${usd(preview.allowanceAfter)}`}</dd>
        </div>
      </dl>
      <ul className="gate-changes">
        {preview.gates.map((gate) => (
          <li key={gate.id}>
            <code>{gate.id}</code>
            <p className="faint">{gate.from ? gateText(gate.from) : m.op_gate_absent()}</p>
            <p>→ {gate.to ? gateText(gate.to) : m.op_gate_absent()}</p>
          </li>
        ))}
        {preview.classesLost.length > 0 && (
          <li>{m.op_classes_lost({ classes: preview.classesLost.map(className).join(' · ') })}</li>
        )}
        {preview.classesGained.length > 0 && (
          <li>
            {m.op_classes_gained({ classes: preview.classesGained.map(className).join(' · ') })}
          </li>
        )}
      </ul>
    </>
  );
}
