import { type ReactNode, useEffect, useState } from 'react';
import type { MyReceipt } from '../../src/http/shapes/me.ts';
import { gateWords } from '../account/terms.ts';
import { m } from '../paraglide/messages.js';
import { dateText, moment, numberOf } from '../ui/figures.ts';
import { problemOf } from '../ui/problem-words.ts';
import { api, type ApiError } from './api.ts';
import { CopyButton } from './CopyButton.tsx';
import { count, money, seconds } from './figures.ts';
import { className } from './meter-words.ts';
import { go } from './place.ts';

const KINDS: Readonly<Record<string, () => string>> = {
  input: m.chat_tokens_input,
  input_cached: m.chat_tokens_cached,
  cache_write_5m: m.chat_tokens_cache_write,
  cache_write_1h: m.chat_tokens_cache_write,
  output: m.chat_tokens_output,
  reasoning: m.chat_tokens_reasoning,
  audio_in: m.chat_tokens_audio_in,
  audio_in_cached: m.chat_tokens_cached,
  audio_out: m.chat_tokens_audio_out,
  image_in: m.chat_tokens_image_in,
  image_in_cached: m.chat_tokens_cached,
  image_out: m.chat_tokens_image_out,
  images_made: m.chat_tokens_images,
  video_seconds: m.chat_tokens_video,
  web_searches: m.chat_tokens_searches,
  tool_calls: m.chat_tokens_tools,
  requests: m.chat_tokens_requests,
};

/** What one request took, what it counted in and what paid for it; it has an address of its own. */
export function ReceiptPage({ id }: { readonly id: string }) {
  const [receipt, setReceipt] = useState<MyReceipt>();
  const [failure, setFailure] = useState<ApiError>();
  useEffect(() => {
    api<MyReceipt>('GET', `/me/receipts/${id}`).then(setReceipt, setFailure);
  }, [id]);
  return (
    <main className="receipt" aria-busy={!receipt && !failure}>
      <a className="wordmark" href="/">
        Breakeven
      </a>
      <h1>{m.chat_receipt()}</h1>
      {failure && (
        <p role="alert">{failure.status === 404 ? m.chat_receipt_none() : problemOf(failure)}</p>
      )}
      {receipt && <Facts receipt={receipt} />}
      <p className="row">
        <button
          type="button"
          className="button"
          onClick={() => (history.length > 1 ? history.back() : go('/'))}
        >
          {m.chat_back()}
        </button>
        <a className="button" href="/usage">
          {m.chat_receipts_all()}
        </a>
      </p>
    </main>
  );
}

function Facts({ receipt }: { readonly receipt: MyReceipt }) {
  const { price, planVersion, countedBy } = receipt;
  const charge = numberOf(receipt.chargeNanoUsd);
  return (
    <>
      <dl className="receipt-facts tabular">
        <Row label={m.chat_model()} value={receipt.modelName} />
        {receipt.fallback === 'gate' && (
          <Row label={m.chat_receipt_asked()} value={receipt.modelAskedName} />
        )}
        <Row label={m.chat_class()} value={className(receipt.className)} />
        <Row label={m.chat_receipt_time()} value={moment(receipt.admittedAtMs)} />
        <Row
          label={m.chat_receipt_took()}
          value={seconds(receipt.settledAtMs - receipt.admittedAtMs)}
        />
        <Row label={m.chat_receipt_outcome()} value={outcomeText(receipt.outcome)} />
        <Row
          label={m.chat_plan()}
          value={
            planVersion === null
              ? receipt.plan
              : m.chat_receipt_plan_version({ plan: receipt.planName, version: planVersion })
          }
        />
        {price && (
          <Row label={m.chat_receipt_price()}>
            {price.fromMs !== null && price.fromMs > 0 && (
              <span className="receipt-line">
                {m.chat_receipt_price_since({ date: dateText(price.fromMs) })}
              </span>
            )}
            <span className="receipt-id">{price.id}</span>
          </Row>
        )}
      </dl>
      {Object.keys(receipt.usage).length > 0 && <UsageTable usage={receipt.usage} />}
      {receipt.estimated && <p className="hint">{m.chat_receipt_estimated()}</p>}
      <dl className="receipt-facts receipt-sum tabular">
        <Row label={m.chat_charge()} value={money(charge)} />
        {(['allowance', 'promotional', 'bought', 'overage'] as const)
          .filter((payer) => numberOf(receipt.paidBy[payer]) > 0)
          .map((payer) => (
            <Row
              key={payer}
              label={PAYERS[payer]()}
              value={money(numberOf(receipt.paidBy[payer]))}
            />
          ))}
        {numberOf(receipt.refundedNanoUsd) > 0 && (
          <Row label={m.chat_receipt_refunded()} value={money(numberOf(receipt.refundedNanoUsd))} />
        )}
        {charge === 0 && receipt.outcome !== 'voided' && (
          <Row label={m.chat_paid_plan()} value={m.chat_included()} />
        )}
        {countedBy.length > 0 && receipt.outcome !== 'voided' && (
          <Row label={m.chat_receipt_limits()}>
            {countedBy.map((gate) => (
              <span key={gate.id} className="receipt-line">
                {gateWords(gate)}
              </span>
            ))}
          </Row>
        )}
        <FullLimit receipt={receipt} />
      </dl>
      <p className="receipt-address">
        <span className="receipt-id">{receipt.id}</span>
        <CopyButton text={() => location.href} label={m.chat_receipt_link()} />
      </p>
    </>
  );
}

function UsageTable({ usage }: Pick<MyReceipt, 'usage'>) {
  return (
    <table className="receipt-table tabular">
      <thead>
        <tr>
          <th scope="col">{m.chat_receipt_what()}</th>
          <th scope="col">{m.chat_receipt_count()}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(usage).map(([unit, value]) => (
          <tr key={unit}>
            <td>{KINDS[unit]?.() ?? unit}</td>
            <td>{count(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Why another class answered than was asked for, or why it was charged. */
function FullLimit({ receipt }: { readonly receipt: MyReceipt }) {
  const { fullGate, fallback } = receipt;
  const name = receipt.modelName;
  if (fallback === 'capacity')
    return (
      <Row
        label={m.chat_receipt_asked()}
        value={m.chat_receipt_no_route({ asked: receipt.modelAskedName, name })}
      />
    );
  if (!fullGate) return null;
  const limit = gateWords(fullGate);
  const value =
    fallback === 'gate'
      ? m.chat_receipt_full_fell({ limit, name })
      : numberOf(receipt.chargeNanoUsd) > 0
        ? m.chat_receipt_full_paid({ limit })
        : limit;
  return <Row label={m.chat_receipt_full()} value={value} />;
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
  voided: m.chat_outcome_voided,
  process_died: m.chat_interrupted,
};

function outcomeText(outcome: string): string {
  return OUTCOMES[outcome]?.() ?? outcome;
}

function Row({
  label,
  value,
  children = value,
}: {
  readonly label: string;
  readonly value?: string;
  readonly children?: ReactNode;
}) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
