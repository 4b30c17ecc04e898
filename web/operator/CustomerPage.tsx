import { useState } from 'react';
import type { CustomerDetail } from '../../src/http/shapes/customers.ts';
import { m } from '../paraglide/messages.js';
import { count, countShort, dateText, daysBetween, numberOf, usdInText } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Button, Failure, Loading } from '../ui/parts.tsx';
import { PlanFit } from '../ui/PlanFit.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { LocalTable } from '../ui/Table.tsx';
import { Tabs } from '../ui/Tabs.tsx';
import { BOOK_NAMES, bookText } from './book-words.ts';
import { CustomerAccount } from './CustomerAccount.tsx';
import { CustomerNotes } from './CustomerNotes.tsx';
import { CustomerPeople } from './CustomerPeople.tsx';
import { DayBars } from './DayBars.tsx';
import { DecisionTable } from './DecisionTable.tsx';
import { CountFigure, Money, MoneyFigure } from './Figure.tsx';
import { GrantForm } from './GrantForm.tsx';
import { Page } from './Page.tsx';
import { PlanChangeForm } from './PlanChangeForm.tsx';
import { PostingTable } from './PostingTable.tsx';
import { useView, type View } from './view.ts';

/** One customer: what they use, what was decided, what is booked, what they hold. */
export function CustomerPage({ id }: { readonly id: string }) {
  const view = useView();
  const path = `/console/customers/${encodeURIComponent(id)}`;
  const { data, error, reload } = useRemote<CustomerDetail>(`${path}${queryOf(view.query)}`);
  const [form, setForm] = useState<'grant' | 'plan'>();
  const trail = [{ to: view.at('/customers'), label: m.op_customers() }];
  if (!data)
    return (
      <Page title={m.op_customer()} trail={trail}>
        {error ? <Failure error={error} onAgain={reload} /> : <Loading rows={10} />}
        {error?.code === 'not_found' && <OtherBooks view={view} id={id} />}
      </Page>
    );
  const at = (tab: string): string => view.at(`/customers/${data.id}`, { tab });
  const done = (): void => {
    setForm(undefined);
    reload();
  };
  return (
    <Page
      title={data.name}
      trail={trail}
      period={data.period}
      sentence={<Verdict customer={data} view={view} />}
      actions={
        <>
          <Button onClick={() => setForm(form === 'grant' ? undefined : 'grant')}>
            {m.op_grant()}
          </Button>
          <Button onClick={() => setForm(form === 'plan' ? undefined : 'plan')}>
            {m.op_plan_change()}
          </Button>
        </>
      }
    >
      {form === 'grant' && <GrantForm customer={data.id} onDone={done} />}
      {form === 'plan' && <PlanChangeForm customer={data} onDone={done} />}
      <div className="figures">
        <CountFigure
          label={m.op_requests()}
          figure={data.totals.requests}
          to={at('requests')}
          run={data.days.map((day) => day.requests)}
        />
        <MoneyFigure
          label={m.op_revenue()}
          figure={data.totals.revenueNanoUsd}
          to={at('ledger')}
          run={data.days.map((day) => numberOf(day.revenueNanoUsd))}
        />
        <MoneyFigure
          label={m.op_cost()}
          figure={data.totals.costNanoUsd}
          to={at('requests')}
          run={data.days.map((day) => numberOf(day.costNanoUsd))}
        />
        <MoneyFigure
          label={m.op_margin()}
          figure={data.totals.marginNanoUsd}
          isMargin
          to={at('usage')}
        />
      </div>
      <Tabs
        label={data.name}
        tabs={[
          { key: 'usage', label: m.op_tab_usage(), content: () => <Usage customer={data} /> },
          {
            key: 'requests',
            label: m.op_requests(),
            content: () => <DecisionTable path={`${path}/decisions`} />,
          },
          {
            key: 'account',
            label: m.op_tab_account(),
            content: () => <CustomerAccount customer={data} />,
          },
          {
            key: 'ledger',
            label: m.op_ledger(),
            content: () => <PostingTable path={`${path}/postings`} hasCustomer={false} />,
          },
          {
            key: 'people',
            label: m.op_tab_people(),
            content: () => <CustomerPeople customer={data} />,
          },
          { key: 'notes', label: m.op_tab_notes(), content: () => <CustomerNotes id={data.id} /> },
        ]}
      />
    </Page>
  );
}

/** Who is not in the book in sight may be in another: the log of actions names customers of all three. */
function OtherBooks({ view, id }: { readonly view: View; readonly id: string }) {
  return (
    <p className="answers">
      {BOOK_NAMES.filter((book) => book !== view.book).map((book) => (
        <Link key={book} className="button" to={view.at(`/customers/${id}`, { book })}>
          {m.op_book_other({ book: bookText(book) })}
        </Link>
      ))}
    </p>
  );
}

function Verdict({ customer, view }: { readonly customer: CustomerDetail; readonly view: View }) {
  const days = daysBetween(customer.period.fromDay, customer.period.toDay);
  const margin = customer.totals.marginNanoUsd.now;
  return (
    <>
      {customer.plan ? (
        <Link
          to={view.at(`/plans/${encodeURIComponent(customer.plan.name)}`)}
          className="text-link"
        >
          {m.op_customer_plan({
            plan: customer.plan.displayName,
            version: customer.plan.version,
          })}
        </Link>
      ) : (
        m.op_without_plan()
      )}
      {customer.suspended && <span className="tag">{m.op_suspended()}</span>}
      {' · '}
      {m.op_customer_since({ date: dateText(customer.joinedAtMs) })}
      {customer.email && ` · ${customer.email}`}
      {' · '}
      {numberOf(margin) < 0
        ? m.op_customer_under({
            amount: usdInText(margin),
            cost: usdInText(customer.totals.costNanoUsd.now),
            revenue: usdInText(customer.totals.revenueNanoUsd.now),
            days,
          })
        : m.op_customer_floats({ amount: usdInText(margin), days })}
    </>
  );
}

function Usage({ customer }: { readonly customer: CustomerDetail }) {
  const view = useView();
  return (
    <>
      <DayBars days={customer.days} />
      {customer.models.length === 0 ? (
        <p className="soft">{m.op_no_use()}</p>
      ) : (
        <LocalTable
          caption={m.op_by_model()}
          rows={customer.models}
          rowKey={(row) => row.model}
          rowHref={(row) =>
            view.at(`/customers/${customer.id}`, { tab: 'requests', model: row.model })
          }
          firstSort={{ key: 'cost', order: 'desc' }}
          columns={[
            {
              key: 'model',
              label: m.op_model(),
              sort: (row) => row.model,
              cell: (row) => (
                <Link
                  to={view.at(`/customers/${customer.id}`, { tab: 'requests', model: row.model })}
                >
                  {row.model}
                </Link>
              ),
            },
            {
              key: 'requests',
              label: m.op_requests(),
              isFigure: true,
              sort: (row) => row.requests,
              cell: (row) => count(row.requests),
            },
            {
              key: 'tokens',
              label: m.op_tokens(),
              isFigure: true,
              isSecond: true,
              sort: (row) => row.tokensIn + row.tokensOut,
              cell: (row) =>
                m.op_in_out({ in: countShort(row.tokensIn), out: countShort(row.tokensOut) }),
            },
            {
              key: 'charge',
              label: m.op_charge(),
              isFigure: true,
              isSecond: true,
              sort: (row) => numberOf(row.chargeNanoUsd),
              cell: (row) => <Money nano={row.chargeNanoUsd} />,
            },
            {
              key: 'cost',
              label: m.op_cost(),
              isFigure: true,
              sort: (row) => numberOf(row.costNanoUsd),
              cell: (row) => <Money nano={row.costNanoUsd} />,
            },
          ]}
        />
      )}
      <section className="plan-fit">
        <h2>{m.fit_title()}</h2>
        <p className="faint">{m.fit_note_operator()}</p>
        <PlanFit
          path={`/console/customers/${encodeURIComponent(customer.id)}/plan-fit?book=${customer.book}`}
        />
      </section>
    </>
  );
}
