import { useState } from 'react';
import { m } from '../../paraglide/messages.js';
import { Button, Field, TextField } from '../../ui/parts.tsx';

/** What a change must reach, and what it must not do. */
export interface Bounds {
  readonly plan: string;
  /** Margin over revenue, 0…1. */
  readonly targetMargin: number;
  /** Share of subscribers that may notice, 0…1. */
  readonly harmMax: number;
  /** Nobody pays more than so many times their bill. */
  readonly billMax: number;
  readonly behaviour: {
    readonly reacts: boolean;
    readonly priceElasticity: number;
    readonly deferredShare: number;
  };
}

/** The question to the lab, with what it assumes of people beside it. */
export function BoundsForm({
  plans,
  first,
  isRunning,
  onRun,
}: {
  readonly plans: readonly { readonly plan: string; readonly displayName: string }[];
  readonly first: string;
  readonly isRunning: boolean;
  readonly onRun: (bounds: Bounds) => void;
}) {
  const [plan, setPlan] = useState(first);
  const [target, setTarget] = useState('10');
  const [harm, setHarm] = useState('10');
  const [bill, setBill] = useState('2');
  const [reacts, setReacts] = useState(true);
  const [elasticity, setElasticity] = useState('1');
  const [deferred, setDeferred] = useState('50');
  const numbers = [target, harm, bill, elasticity, deferred].map(Number);
  const isValid =
    numbers.every((value) => Number.isFinite(value)) &&
    Number(bill) >= 1 &&
    Number(harm) <= 100 &&
    Number(target) < 99;
  return (
    <form
      className="lab-form"
      onSubmit={(event) => {
        event.preventDefault();
        onRun({
          plan,
          targetMargin: Number(target) / 100,
          harmMax: Number(harm) / 100,
          billMax: Number(bill),
          behaviour: {
            reacts,
            priceElasticity: Number(elasticity),
            deferredShare: Number(deferred) / 100,
          },
        });
      }}
    >
      <Field label={m.lab_plan()}>
        {(ids) => (
          <select
            {...ids}
            className="input"
            value={plan}
            onChange={(event) => setPlan(event.target.value)}
          >
            {plans.map((each) => (
              <option key={each.plan} value={each.plan}>
                {each.displayName}
              </option>
            ))}
          </select>
        )}
      </Field>
      <TextField label={m.lab_target()} value={target} onChange={setTarget} inputMode="decimal" />
      <TextField label={m.lab_harm()} value={harm} onChange={setHarm} inputMode="decimal" />
      <TextField label={m.lab_bill()} value={bill} onChange={setBill} inputMode="decimal" />
      <Button type="submit" main busy={isRunning} disabled={!isValid}>
        {m.lab_run()}
      </Button>
      <details className="lab-assumed">
        <summary>{m.lab_assumptions()}</summary>
        <label>
          <input
            type="checkbox"
            checked={reacts}
            onChange={(event) => setReacts(event.target.checked)}
          />{' '}
          {m.lab_reacts()}
        </label>
        <TextField
          label={m.lab_elasticity()}
          hint={m.lab_elasticity_hint()}
          value={elasticity}
          onChange={setElasticity}
          inputMode="decimal"
        />
        <TextField
          label={m.lab_deferred()}
          value={deferred}
          onChange={setDeferred}
          inputMode="decimal"
        />
      </details>
    </form>
  );
}
