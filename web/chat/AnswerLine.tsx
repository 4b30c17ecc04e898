import type { Taking } from '#chat/taking.ts';
import { m } from '../paraglide/messages.js';
import { money, seconds, share } from './figures.ts';
import { go } from './place.ts';

const PAYERS = {
  plan: m.chat_paid_plan,
  allowance: m.chat_paid_allowance,
  promotional: m.chat_paid_promotional,
  bought: m.chat_paid_bought,
  overage: m.chat_paid_overage,
} as const;

/** The line below an answer: model, seconds, and what paid for it. It opens the receipt. */
export function AnswerLine({
  takings,
  modelName,
}: {
  readonly takings: readonly Taking[];
  readonly modelName: (name: string) => string;
}) {
  const last = takings.at(-1);
  if (!last) return <span className="answer-line" />;
  const ms = takings.reduce((sum, each) => sum + each.ms, 0);
  const href = `/receipt/${last.requestId}`;
  return (
    <a
      className="answer-line tabular"
      href={href}
      title={m.chat_receipt_open()}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      <span>{modelName(last.model)}</span>
      <span>{seconds(ms)}</span>
      <span>{tookText(takings, last)}</span>
    </a>
  );
}

function tookText(takings: readonly Taking[], last: Taking): string {
  if (takings.every(({ isVoid }) => isVoid)) return m.chat_took_nothing();
  const charge = takings.reduce((sum, each) => sum + each.chargeNanoUsd, 0);
  if (charge > 0) return m.chat_took({ amount: money(charge), payer: PAYERS[last.paidBy]() });
  if (last.share && last.share.perMille > 0)
    return m.chat_took_share({ share: share(last.share.perMille) });
  return m.chat_included();
}
