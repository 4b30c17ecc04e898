import { type ReactNode, useState } from 'react';
import type { EventDetail } from '../../src/http/shapes/events.ts';
import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import { count, momentSeconds, numberOf, usd } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Button, Failure, Loading } from '../ui/parts.tsx';
import { useRemote } from '../ui/remote.ts';
import { Table } from '../ui/Table.tsx';
import { outcomeText } from './DecisionTable.tsx';
import { factsText } from './fact-words.ts';
import { Money } from './Figure.tsx';
import { limitText } from './gate-words.ts';
import { Page, Part } from './Page.tsx';
import { Pairs } from './Pairs.tsx';
import { Account } from './PostingTable.tsx';
import { RefundForm } from './RefundForm.tsx';
import {
  gateName,
  incidentText,
  kindText,
  payerText,
  refusalText,
  usageText,
} from './server-words.ts';
import { useView, type View } from './view.ts';
import { WhyLines } from './WhyLines.tsx';

/** The story of one request, from what was asked down to the postings. */
export function EventPage({ id }: { readonly id: string }) {
  const view = useView();
  const { data, error, reload } = useRemote<EventDetail>(
    `/console/events/${encodeURIComponent(id)}`,
  );
  const [isRefunding, setRefunding] = useState(false);
  const trail = [
    { to: view.at('/customers'), label: m.op_customers() },
    ...(data
      ? [
          {
            to: view.at(`/customers/${data.customerId}`),
            label: data.customerName ?? data.customerId,
          },
        ]
      : []),
  ];
  if (!data)
    return (
      <Page title={m.op_request()} trail={trail} hasPeriod={false}>
        {error ? <Failure error={error} onAgain={reload} /> : <Loading rows={10} />}
      </Page>
    );
  const { decision } = data;
  const canRefund = numberOf(decision.chargeNanoUsd ?? 0) > numberOf(decision.refundedNanoUsd ?? 0);
  return (
    <Page
      title={m.op_event_title({ at: momentSeconds(decision.atMs) })}
      trail={trail}
      hasPeriod={false}
      sentence={<Summary event={data} />}
      actions={
        canRefund && <Button onClick={() => setRefunding(!isRefunding)}>{m.op_refund()}</Button>
      }
    >
      {isRefunding && (
        <RefundForm
          event={data}
          onDone={() => {
            setRefunding(false);
            reload();
          }}
        />
      )}
      <ol className="story">
        <Asked event={data} view={view} />
        <Decided event={data} />
        {decision.classServed !== null && (
          <>
            <Held event={data} />
            <Sent event={data} />
            <Settled event={data} />
          </>
        )}
        <Booked event={data} />
      </ol>
      <Part title={m.op_why()} note={m.op_why_note()}>
        <WhyLines text={data.why} />
      </Part>
      <p className="page-foot">
        <code>{data.requestId}</code>
      </p>
    </Page>
  );
}

function Summary({ event }: { readonly event: EventDetail }) {
  const { decision } = event;
  if (decision.classServed === null) {
    const reason = refusalText(decision.reason ?? '');
    return m.op_event_refused({
      model: decision.modelAsked,
      why: decision.gate ? m.op_refused_by({ reason, gate: gateName(decision.gate) }) : reason,
    });
  }
  if (decision.costNanoUsd === null)
    return m.op_event_open({
      model: decision.model ?? decision.modelAsked,
      held: usd(event.held.nanoUsd),
    });
  if (numberOf(decision.chargeNanoUsd ?? 0) === 0)
    return m.op_event_included({
      model: decision.model ?? decision.modelAsked,
      in: count(decision.tokensIn ?? 0),
      out: count(decision.tokensOut ?? 0),
      cost: usd(decision.costNanoUsd),
    });
  return m.op_event_settled({
    model: decision.model ?? decision.modelAsked,
    in: count(decision.tokensIn ?? 0),
    out: count(decision.tokensOut ?? 0),
    cost: usd(decision.costNanoUsd),
    charge: usd(decision.chargeNanoUsd ?? 0),
  });
}

function Chapter({
  title,
  at,
  children,
}: {
  readonly title: string;
  readonly at?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <li>
      <h2>
        {title}
        {at && <span className="faint">{at}</span>}
      </h2>
      {children}
    </li>
  );
}

function Asked({ event, view }: { readonly event: EventDetail; readonly view: View }) {
  const { decision } = event;
  return (
    <Chapter title={m.op_story_asked()} at={momentSeconds(decision.atMs)}>
      <Pairs
        pairs={[
          [
            m.op_customer(),
            <Link key="customer" to={view.at(`/customers/${event.customerId}`)}>
              {event.customerName ?? event.customerId}
            </Link>,
          ],
          [m.op_plan(), decision.plan],
          [m.op_model(), decision.modelAsked],
          [m.op_class(), className(decision.classAsked)],
          ...(decision.keyId === null
            ? []
            : [[m.op_key(), <code key="key">{decision.keyId}</code>] as const]),
        ]}
      />
    </Chapter>
  );
}

function Decided({ event }: { readonly event: EventDetail }) {
  const { decision } = event;
  return (
    <Chapter title={m.op_story_decided()}>
      <Pairs
        pairs={[
          [
            m.op_verdict(),
            decision.classServed === null
              ? m.op_outcome_refused()
              : m.op_served_as({ class: className(decision.classServed) }),
          ],
          ...(decision.reason === null
            ? []
            : [[m.op_reason(), refusalText(decision.reason)] as const]),
          ...(decision.gate === null
            ? []
            : [[m.op_gate(), <code key="gate">{gateName(decision.gate)}</code>] as const]),
          ...(decision.slow ? [[m.op_slow_lane(), m.op_yes()] as const] : []),
        ]}
      />
      {event.candidates.length > 0 && (
        <Table
          caption={m.op_candidates()}
          rows={event.candidates}
          rowKey={(candidate) => candidate.className}
          columns={[
            {
              key: 'class',
              label: m.op_class(),
              cell: (candidate) => (
                <>
                  {className(candidate.className)}
                  {candidate.className === decision.classServed && (
                    <span className="tag">{m.op_chosen()}</span>
                  )}
                </>
              ),
            },
            {
              key: 'available',
              label: m.op_available(),
              isSecond: true,
              cell: (candidate) => (candidate.available ? m.op_yes() : m.op_no()),
            },
            {
              key: 'tokens',
              label: m.op_tokens_worst(),
              isFigure: true,
              isSecond: true,
              cell: (candidate) => count(candidate.tokens),
            },
            {
              key: 'cost',
              label: m.op_cost_worst(),
              isFigure: true,
              cell: (candidate) => <Money nano={candidate.costNanoUsd} />,
            },
            {
              key: 'charge',
              label: m.op_charge_worst(),
              isFigure: true,
              cell: (candidate) => <Money nano={candidate.chargeNanoUsd} />,
            },
          ]}
        />
      )}
    </Chapter>
  );
}

function Held({ event }: { readonly event: EventDetail }) {
  return (
    <Chapter title={m.op_story_held()}>
      <Pairs
        pairs={[
          [m.op_credits_held(), <Money key="held" nano={event.held.nanoUsd} />],
          ...event.held.gates.map(
            ({ gate, unit, amount }) => [gateName(gate), limitText(unit, amount)] as const,
          ),
        ]}
      />
    </Chapter>
  );
}

function Sent({ event }: { readonly event: EventDetail }) {
  return (
    <Chapter title={m.op_story_sent()}>
      {event.attempts.length === 0 ? (
        <p className="soft">{m.op_no_attempts()}</p>
      ) : (
        <Table
          caption={m.op_story_sent()}
          rows={event.attempts}
          rowKey={(_, index) => String(index)}
          columns={[
            { key: 'supplier', label: m.op_supplier(), cell: (attempt) => attempt.supplier },
            { key: 'model', label: m.op_model(), cell: (attempt) => attempt.model },
            { key: 'tier', label: m.op_tier(), isSecond: true, cell: (attempt) => attempt.tier },
            {
              key: 'usage',
              label: m.op_usage(),
              cell: (attempt) => usageText(attempt.usage),
            },
            {
              key: 'price',
              label: m.op_price_version(),
              isSecond: true,
              cell: (attempt) =>
                attempt.priceVersionId && <code>{attempt.priceVersionId.slice(-8)}</code>,
            },
            {
              key: 'cost',
              label: m.op_cost(),
              isFigure: true,
              cell: (attempt) => <Money nano={attempt.costNanoUsd} />,
            },
          ]}
        />
      )}
    </Chapter>
  );
}

function Settled({ event }: { readonly event: EventDetail }) {
  const { decision } = event;
  return (
    <Chapter
      title={m.op_story_settled()}
      at={event.settledAtMs === null ? undefined : momentSeconds(event.settledAtMs)}
    >
      {event.settledAtMs === null ? (
        <p className="soft">{m.op_still_open()}</p>
      ) : (
        <Pairs
          pairs={[
            [m.op_outcome(), outcomeText(decision)],
            [m.op_cost(), <Money key="cost" nano={decision.costNanoUsd ?? 0} />],
            [m.op_charge(), <Money key="charge" nano={decision.chargeNanoUsd ?? 0} />],
            ...event.payments.map(
              ({ payer, amountNanoUsd }) =>
                [
                  m.op_paid_by({ payer: payerText(payer) }),
                  <Money key={payer} nano={amountNanoUsd} />,
                ] as const,
            ),
            ...(numberOf(decision.refundedNanoUsd ?? 0) > 0
              ? [
                  [
                    m.op_refunded(),
                    <Money key="back" nano={decision.refundedNanoUsd ?? 0} />,
                  ] as const,
                ]
              : []),
            ...(numberOf(event.overrunNanoUsd) > 0
              ? [[m.op_overrun(), <Money key="over" nano={event.overrunNanoUsd} />] as const]
              : []),
            ...(decision.estimated ? [[m.op_estimated(), m.op_yes()] as const] : []),
            ...(event.incidents.length > 0
              ? [[m.op_incidents(), event.incidents.map(incidentLine).join('; ')] as const]
              : []),
          ]}
        />
      )}
    </Chapter>
  );
}

/** An incident as the books tell it, `overrun {"cost_over":1200}`, in words. */
function incidentLine(told: string): string {
  const [, kind = told, facts = '{}'] = /^(\w+) (\{.*\})$/.exec(told) ?? [];
  return [incidentText(kind), factsText(JSON.parse(facts) as Record<string, unknown>)]
    .filter(Boolean)
    .join(' · ');
}

function Booked({ event }: { readonly event: EventDetail }) {
  return (
    <Chapter title={m.op_story_booked()}>
      {event.postings.length === 0 ? (
        <p className="soft">{m.op_nothing_booked()}</p>
      ) : (
        <Table
          caption={m.op_postings()}
          rows={event.postings}
          rowKey={(posting) => `${posting.kind}.${posting.line}.${posting.debit}.${posting.credit}`}
          columns={[
            {
              key: 'kind',
              label: m.op_kind(),
              isSecond: true,
              cell: (posting) => kindText(posting.kind),
            },
            {
              key: 'debit',
              label: m.op_debit(),
              cell: (posting) => <Account name={posting.debit} plan={posting.plan} />,
            },
            {
              key: 'credit',
              label: m.op_credit(),
              cell: (posting) => <Account name={posting.credit} plan={posting.plan} />,
            },
            {
              key: 'amount',
              label: m.op_amount(),
              isFigure: true,
              cell: (posting) => <Money nano={posting.amountNanoUsd} />,
            },
          ]}
        />
      )}
    </Chapter>
  );
}
