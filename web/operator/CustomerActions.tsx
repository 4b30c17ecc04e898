import { useState } from 'react';
import type { CustomerDetail } from '../../src/http/shapes/customers.ts';
import type { PlanChangePreview, PlansAnswer } from '../../src/http/shapes/plans.ts';
import { api } from '../chat/api.ts';
import { Dialog } from '../chat/Dialog.tsx';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment, usd } from '../ui/figures.ts';
import { Button, Failure, Field, Loading, Segments, TextField } from '../ui/parts.tsx';
import { forgetAnswers, queryOf, useRemote } from '../ui/remote.ts';

interface Props {
  readonly customer: CustomerDetail;
  readonly onDone: () => void;
}

/** The few things that an operator changes about a customer. Each shows its effect first. */
export function CustomerActions({ customer, onDone }: Props) {
  const [open, setOpen] = useState<'grant' | 'plan'>();
  const done = (): void => {
    setOpen(undefined);
    forgetAnswers();
    onDone();
  };
  return (
    <>
      <Button onClick={() => setOpen('grant')}>{m.op_grant()}</Button>
      <Button onClick={() => setOpen('plan')}>{m.op_change_plan()}</Button>
      {open === 'grant' && (
        <Dialog title={m.op_grant()} onClose={() => setOpen(undefined)}>
          <GrantForm customer={customer} onDone={done} />
        </Dialog>
      )}
      {open === 'plan' && (
        <Dialog title={m.op_change_plan()} onClose={() => setOpen(undefined)}>
          <PlanChangeForm customer={customer} onDone={done} />
        </Dialog>
      )}
    </>
  );
}

function GrantForm({ customer, onDone }: Props) {
  const [amount, setAmount] = useState('10');
  const [kind, setKind] = useState<'promotional' | 'bought'>('promotional');
  const [error, setError] = useState<unknown>();
  // The same reference grants once, however often the form is sent.
  const [reference] = useState(() => `console-${crypto.randomUUID()}`);
  const grant = async (): Promise<void> => {
    try {
      await api('POST', `/customers/${customer.id}/credits`, {
        book: customer.book,
        amountUsd: amount,
        kind,
        reference,
      });
      onDone();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void grant();
      }}
    >
      <TextField
        label={m.op_grant_amount()}
        value={amount}
        onChange={setAmount}
        inputMode="decimal"
        hint={m.op_grant_hint()}
      />
      <Segments
        label={m.op_grant_kind()}
        value={kind}
        onChange={setKind}
        options={[
          { value: 'promotional', label: m.op_promotional() },
          { value: 'bought', label: m.op_bought() },
        ]}
      />
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main type="submit" disabled={amount === ''}>
          {m.op_grant()}
        </Button>
      </div>
    </form>
  );
}

function PlanChangeForm({ customer, onDone }: Props) {
  const plans = useRemote<PlansAnswer>(`/console/plans${queryOf({ book: customer.book })}`);
  const [chosen, choose] = useState<string>();
  const [error, setError] = useState<unknown>();
  const others = plans.data?.rows.filter(({ plan }) => plan !== customer.plan?.name) ?? [];
  const plan = chosen ?? others[0]?.plan;
  const preview = useRemote<PlanChangePreview>(
    plan === undefined
      ? undefined
      : `/console/customers/${customer.id}/plan-change${queryOf({ book: customer.book, plan })}`,
  );
  if (!plans.data) return <Loading rows={3} />;
  const change = async (): Promise<void> => {
    try {
      await api('POST', `/customers/${customer.id}/plan`, { book: customer.book, plan });
      onDone();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <div className="form">
      <Field label={m.op_plan()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={plan}
            onChange={(event) => choose(event.target.value)}
          >
            {others.map((line) => (
              <option key={line.plan} value={line.plan}>
                {line.displayName} · {usd(line.priceNanoUsd)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {preview.error ? (
        <Failure error={preview.error} />
      ) : (
        preview.data && (
          <dl className="facts">
            <dt>{m.op_change_unearned()}</dt>
            <dd>{usd(preview.data.unearnedNanoUsd)}</dd>
            <dt>{m.op_change_rest({ at: moment(preview.data.periodEndsAtMs) })}</dt>
            <dd>{usd(preview.data.restOfPeriodNanoUsd)}</dd>
            <dt>{m.op_change_due()}</dt>
            <dd>
              <strong>{usd(preview.data.dueNowNanoUsd)}</strong>
            </dd>
            <dt>{m.op_allowance()}</dt>
            <dd>
              {usd(preview.data.allowanceNow)} → {usd(preview.data.allowanceAfter)}
            </dd>
          </dl>
        )
      )}
      <FormProblem error={error} />
      <div className="form-actions">
        <Button main disabled={!preview.data} onClick={() => void change()}>
          {m.op_change_confirm()}
        </Button>
      </div>
    </div>
  );
}
