import './plan-notice.css';
import type { MyNotice } from '../../src/http/shapes/notices.ts';
import { api } from '../chat/api.ts';
import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import { addDays, count, dateText, daysText, numberOf, usd } from '../ui/figures.ts';
import { useRemote } from '../ui/remote.ts';
import { listed } from '../ui/words.ts';
import { fullWords, gateWords } from './terms.ts';

/**
 * What is to change of a customer's plan, in sight until it is put away, and never in the way.
 * @param keeps shows also what was put away: on the page of plans it is a fact about the plan
 */
export function PlanNotices({
  isFolded = false,
  keeps = false,
}: {
  readonly isFolded?: boolean;
  readonly keeps?: boolean;
}) {
  const { data, reload } = useRemote<{ readonly rows: readonly MyNotice[] }>('/me/notices');
  const rows = data?.rows.filter(({ dismissed }) => keeps || !dismissed) ?? [];
  if (rows.length === 0) return null;
  const putAway = (id: string): void => {
    api('POST', `/me/notices/${id}/dismiss`, {}).then(reload, reload);
  };
  return rows.map((notice) => (
    <PlanNotice
      key={notice.id}
      notice={notice}
      isFolded={isFolded}
      {...(!keeps && { onDismiss: () => putAway(notice.id) })}
    />
  ));
}

/** One change, as a subscriber reads it: when, their own two bills, what differs, what they can do. */
export function PlanNotice({
  notice,
  isFolded = false,
  onDismiss,
}: {
  readonly notice: MyNotice;
  readonly isFolded?: boolean;
  readonly onDismiss?: () => void;
}) {
  const title = m.me_notice_title({ plan: notice.displayName, at: dateText(notice.atMs) });
  const body = (
    <>
      <p className="soft">
        {notice.moves === 'renewal' ? m.me_notice_renewal() : m.me_notice_at_once()}
      </p>
      <Bills notice={notice} />
      <ul className="notice-changes">
        <Terms notice={notice} />
      </ul>
      <p className="notice-ways">
        <span>{m.me_notice_stay()}</span>
        <a href="/plans">{m.me_notice_plans()}</a>
        <a href="/settings">{m.me_notice_leave()}</a>
      </p>
    </>
  );
  return (
    <section className="plan-notice" aria-label={title}>
      {isFolded ? (
        <details>
          <summary>{title}</summary>
          {body}
        </details>
      ) : (
        <>
          <h2>{title}</h2>
          {body}
        </>
      )}
      {onDismiss && (
        <button type="button" className="notice-away" onClick={onDismiss}>
          {m.me_notice_dismiss()}
        </button>
      )}
    </section>
  );
}

function Bills({ notice: { bill, priceNanoUsd } }: { readonly notice: MyNotice }) {
  if (!bill) return <p>{m.me_notice_no_use()}</p>;
  // Too little of a period was earned yet to tell the two prices apart.
  const isTooSoon =
    bill.beforeNanoUsd === bill.afterNanoUsd && priceNanoUsd.from !== priceNanoUsd.to;
  if (isTooSoon) return null;
  const days = daysText(bill.fromDay, addDays(bill.toDay, 1));
  if (bill.beforeNanoUsd === bill.afterNanoUsd)
    return <p>{m.me_notice_same({ amount: usd(bill.beforeNanoUsd), days })}</p>;
  return (
    <>
      <dl className="notice-bills">
        <div>
          <dt>{m.me_notice_before()}</dt>
          <dd>{usd(bill.beforeNanoUsd)}</dd>
        </div>
        <div>
          <dt>{m.me_notice_after()}</dt>
          <dd>{usd(bill.afterNanoUsd)}</dd>
        </div>
      </dl>
      <p className="notice-days">{m.me_notice_days({ days })}</p>
    </>
  );
}

/** What differs between the two, and what it would have meant for this customer's own requests. */
function Terms({ notice }: { readonly notice: MyNotice }) {
  const { priceNanoUsd, creditsNanoUsd, overageCapNanoUsd, bill } = notice;
  const isOther = ({ from, to }: MyNotice['priceNanoUsd']): boolean => from !== to;
  const amounts = ({ from, to }: MyNotice['priceNanoUsd']) => ({
    before: usd(from),
    after: usd(to),
  });
  return (
    <>
      {isOther(priceNanoUsd) && <li>{m.me_notice_price(amounts(priceNanoUsd))}</li>}
      {notice.gates.map(({ id, from, to }) => (
        <li key={id}>
          {from && <s>{sentenceCase(gateWords(from))}</s>}
          {to ? m.me_notice_gate({ gate: sentenceCase(gateWords(to)), full: fullWords(to) }) : ''}
          {!to && m.me_gate_gone()}
        </li>
      ))}
      {isOther(creditsNanoUsd) && <li>{m.me_notice_credits(amounts(creditsNanoUsd))}</li>}
      {isOther(overageCapNanoUsd) && <li>{m.me_notice_overage(amounts(overageCapNanoUsd))}</li>}
      {notice.classesLost.length > 0 && (
        <li>{m.me_classes_lost({ classes: listed(notice.classesLost.map(className)) })}</li>
      )}
      {notice.classesGained.length > 0 && (
        <li>{m.me_classes_gained({ classes: listed(notice.classesGained.map(className)) })}</li>
      )}
      {bill && <OwnUse bill={bill} />}
    </>
  );
}

function OwnUse({ bill }: { readonly bill: NonNullable<MyNotice['bill']> }) {
  const requests = count(bill.requests);
  const counted = (touched: number) => ({ count: count(touched), requests });
  const lines = [
    bill.newlyFellBack > 0 && m.me_notice_fell_back(counted(bill.newlyFellBack)),
    bill.newlyRefused > 0 && m.me_notice_refused(counted(bill.newlyRefused)),
    bill.newlySlowed > 0 && m.me_notice_slowed(counted(bill.newlySlowed)),
    bill.freed > 0 && m.me_notice_freed(counted(bill.freed)),
  ].filter((line) => line !== false);
  if (lines.length === 0 && numberOf(bill.requests) > 0)
    return <li>{m.me_notice_untouched({ requests })}</li>;
  return lines.map((line) => <li key={line}>{line}</li>);
}

const sentenceCase = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
