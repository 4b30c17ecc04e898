import { useState } from 'react';
import type { RefundAnswer } from '../../src/http/shapes/customers.ts';
import type { EventDetail } from '../../src/http/shapes/events.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { usd } from '../ui/figures.ts';
import { Button, TextField } from '../ui/parts.tsx';
import { forgetAnswers } from '../ui/remote.ts';

import { useView } from './view.ts';
import { problemAt } from '../ui/problem-words.ts';

/** Gives back what paid for a request: first it says how much, then it is booked. */
export function RefundForm({
  event,
  onDone,
}: {
  readonly event: EventDetail;
  readonly onDone: () => void;
}) {
  const view = useView();
  const [amountUsd, setAmount] = useState('');
  const [preview, setPreview] = useState<RefundAnswer>();
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const call = async (confirm: boolean): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await api<RefundAnswer>(
        'POST',
        `/console/customers/${encodeURIComponent(event.customerId)}/refunds`,
        {
          book: view.book,
          requestId: event.requestId,
          confirm,
          ...(amountUsd !== '' && { amountUsd }),
        },
      );
      if (!answer.confirmed) return setPreview(answer);
      forgetAnswers();
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      className="form sheet"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void call(preview !== undefined);
      }}
    >
      <h2>{m.op_refund()}</h2>
      <TextField
        label={m.op_amount_usd()}
        hint={m.op_refund_hint()}
        value={amountUsd}
        onChange={(next) => {
          setAmount(next);
          setPreview(undefined);
        }}
        inputMode="decimal"
        error={problemAt(error, 'amountUsd')}
        autoFocus
      />
      {preview && (
        <p>
          {m.op_refund_preview({
            amount: usd(preview.refundedNanoUsd),
            most: usd(preview.refundableNanoUsd),
          })}
        </p>
      )}
      <FormProblem error={error} fields={['amountUsd']} />
      <div className="form-actions">
        <Button main type="submit" busy={isBusy}>
          {preview ? m.op_refund_do({ amount: usd(preview.refundedNanoUsd) }) : m.op_refund_look()}
        </Button>
        <Button onClick={onDone}>{m.op_cancel()}</Button>
      </div>
    </form>
  );
}
