import { useState } from 'react';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { Button, Segments, TextField } from '../ui/parts.tsx';
import { forgetAnswers } from '../ui/remote.ts';

import { useView } from './view.ts';
import { problemAt } from '../ui/problem-words.ts';

/** Gives credits. The reference keeps a grant that is sent twice from being booked twice. */
export function GrantForm({
  customer,
  onDone,
}: {
  readonly customer: string;
  readonly onDone: () => void;
}) {
  const view = useView();
  const [kind, setKind] = useState<'promotional' | 'bought'>('promotional');
  const [amountUsd, setAmount] = useState('');
  const [reference, setReference] = useState(() => `console-${crypto.randomUUID().slice(0, 8)}`);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const grant = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('POST', `/customers/${encodeURIComponent(customer)}/credits`, {
        book: view.book,
        kind,
        amountUsd,
        reference,
      });
      forgetAnswers();
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form
      className="form sheet"
      onSubmit={(event) => {
        event.preventDefault();
        void grant();
      }}
    >
      <h2>{m.op_grant()}</h2>
      <Segments
        label={m.op_kind()}
        value={kind}
        options={[
          { value: 'promotional', label: m.op_balance_promotional() },
          { value: 'bought', label: m.op_balance_bought() },
        ]}
        onChange={setKind}
      />
      <p className="field-hint">
        {kind === 'promotional' ? m.op_grant_promotional_note() : m.op_grant_bought_note()}
      </p>
      <TextField
        label={m.op_amount_usd()}
        value={amountUsd}
        onChange={setAmount}
        inputMode="decimal"
        placeholder="5.00"
        error={problemAt(error, 'amountUsd')}
        autoFocus
      />
      <TextField
        label={m.op_reference()}
        hint={m.op_reference_hint()}
        value={reference}
        onChange={setReference}
        error={problemAt(error, 'reference')}
      />
      <FormProblem error={error} fields={['amountUsd', 'reference']} />
      <div className="form-actions">
        <Button main type="submit" busy={isBusy} disabled={amountUsd === '' || reference === ''}>
          {m.op_grant_do()}
        </Button>
        <Button onClick={onDone}>{m.op_cancel()}</Button>
      </div>
    </form>
  );
}
