import { useState } from 'react';
import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { Button, Field, TextField } from '../../ui/parts.tsx';
import { Assumptions, behaviourOf, typedOf } from './Assumptions.tsx';
import type { Behaviour } from './assumption-list.ts';

/** What a change must reach, and what it must not do; and what is assumed of people. */
export type Question = Recommendation['bounds'] & {
  readonly plan: string;
  readonly behaviour: Behaviour;
};

/** The question to the lab, with what it assumes of people beside it. */
export function BoundsForm({
  plans,
  first,
  defaults,
  isRunning,
  onRun,
}: {
  readonly plans: readonly { readonly plan: string; readonly displayName: string }[];
  /** What stands in the fields at first. */
  readonly first: Question;
  readonly defaults: Behaviour;
  readonly isRunning: boolean;
  readonly onRun: (question: Question) => void;
}) {
  const [plan, setPlan] = useState(first.plan);
  const [target, setTarget] = useState(percentOf(first.targetMargin));
  const [harm, setHarm] = useState(percentOf(first.harmMax));
  const [bill, setBill] = useState(String(first.billMax));
  const [typed, setTyped] = useState(() => typedOf(first.behaviour));
  const behaviour = behaviourOf(typed);
  const isSound =
    [target, harm, bill].every((text) => text.trim() !== '' && Number.isFinite(Number(text))) &&
    Number(bill) >= 1 &&
    Number(harm) >= 0 &&
    Number(harm) <= 100 &&
    Number(target) < 99;
  return (
    <form
      className="lab-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!behaviour) return;
        onRun({
          plan,
          targetMargin: Number(target) / 100,
          harmMax: Number(harm) / 100,
          billMax: Number(bill),
          behaviour,
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
      <Button type="submit" main busy={isRunning} disabled={!isSound || !behaviour}>
        {m.lab_run()}
      </Button>
      <Assumptions typed={typed} defaults={defaults} onChange={setTyped} />
    </form>
  );
}

/** Without what a product of fractions leaves behind. */
const percentOf = (share: number): string => String(Math.round(share * 1_000_000) / 10_000);
