import { useEffect, useState } from 'react';
import type { Receipt } from '#admission/receipt.store.ts';
import { m } from '../paraglide/messages.js';
import { api, type ApiError } from './api.ts';
import { clockTime, count, money, seconds } from './figures.ts';
import { className } from './meter-words.ts';

const KINDS: Readonly<Record<string, () => string>> = {
  input: m.chat_tokens_input,
  input_cached: m.chat_tokens_cached,
  output: m.chat_tokens_output,
  reasoning: m.chat_tokens_reasoning,
  web_searches: m.chat_tokens_searches,
  requests: m.chat_tokens_requests,
};

/** What one answer took and what paid for it; it has an address of its own. */
export function ReceiptPage({ id }: { readonly id: string }) {
  const [receipt, setReceipt] = useState<Receipt & { planName: string }>();
  const [failure, setFailure] = useState<ApiError>();
  useEffect(() => {
    api<Receipt & { planName: string }>('GET', `/chat/receipts/${id}`).then(setReceipt, setFailure);
  }, [id]);
  return (
    <main className="receipt" aria-busy={!receipt && !failure}>
      <a className="wordmark" href="/">
        Breakeven
      </a>
      <h1>{m.chat_receipt()}</h1>
      {failure && (
        <p role="alert">{failure.status === 404 ? m.chat_receipt_none() : failure.message}</p>
      )}
      {receipt && (
        <>
          <dl className="receipt-facts tabular">
            <Row label={m.chat_model()} value={receipt.model} />
            <Row label={m.chat_class()} value={className(receipt.class)} />
            <Row label={m.chat_receipt_time()} value={clockTime(receipt.admittedAtMs)} />
            <Row
              label={m.chat_receipt_took()}
              value={seconds(receipt.settledAtMs - receipt.admittedAtMs)}
            />
            <Row label={m.chat_plan()} value={receipt.planName} />
            <Row label={m.chat_receipt_outcome()} value={outcomeText(receipt.outcome)} />
          </dl>
          <table className="receipt-table tabular">
            <thead>
              <tr>
                <th scope="col">{m.chat_receipt_what()}</th>
                <th scope="col">{m.chat_receipt_count()}</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(receipt.usage).map(([unit, value]) => (
                <tr key={unit}>
                  <td>{KINDS[unit]?.() ?? unit}</td>
                  <td>{count(value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {receipt.estimated && <p className="hint">{m.chat_receipt_estimated()}</p>}
          <dl className="receipt-facts receipt-sum tabular">
            <Row label={m.chat_charge()} value={money(receipt.chargeNanoUsd)} />
            {(['allowance', 'promotional', 'bought', 'overage'] as const)
              .filter((payer) => receipt.paidBy[payer] > 0)
              .map((payer) => (
                <Row key={payer} label={PAYERS[payer]()} value={money(receipt.paidBy[payer])} />
              ))}
            {receipt.chargeNanoUsd === 0 && (
              <Row label={m.chat_paid_plan()} value={m.chat_included()} />
            )}
          </dl>
          <p className="hint mono">{receipt.id}</p>
        </>
      )}
      <p>
        <button type="button" className="button" onClick={() => history.back()}>
          {m.chat_back()}
        </button>
      </p>
    </main>
  );
}

const PAYERS = {
  allowance: m.chat_paid_allowance,
  promotional: m.chat_paid_promotional,
  bought: m.chat_paid_bought,
  overage: m.chat_paid_overage,
} as const;

const OUTCOMES: Readonly<Record<string, () => string>> = {
  completed: m.chat_outcome_completed,
  client_aborted: m.chat_stopped,
  cut_by_limit: m.chat_cut,
  upstream_failed: m.chat_outcome_failed,
  process_died: m.chat_interrupted,
};

function outcomeText(outcome: string): string {
  return OUTCOMES[outcome]?.() ?? outcome;
}

function Row({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
