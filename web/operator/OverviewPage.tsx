import type { ReactNode } from 'react';
import type { Alarm, Overview, PlanLine } from '../../src/http/shapes/overview.ts';
import { m } from '../paraglide/messages.js';
import {
  addDays,
  change,
  count,
  dayText,
  daysBetween,
  numberOf,
  percent,
  usd,
  usdInText,
} from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Button, Empty, Failure, Loading } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { Table } from '../ui/Table.tsx';
import { DemoLoader } from '../entry/DemoLoader.tsx';
import { CountFigure, Money, MoneyFigure } from './Figure.tsx';
import { Page, Part } from './Page.tsx';
import { PlanRequests } from './PlanRequests.tsx';
import { useView, type View } from './view.ts';
import { isGift, Waterline } from './Waterline.tsx';

/** A live request shows in every figure within this. */
const AGAIN_MS = 4_000;

/** Where money is made and lost, within a minute of opening it. */
export function OverviewPage() {
  const view = useView();
  const { data, error, reload } = useRemote<Overview>(`/console/overview${queryOf(view.query)}`, {
    everyMs: AGAIN_MS,
  });
  if (error && !data)
    return (
      <Page title={m.op_overview()}>
        <Failure error={error} onAgain={reload} />
      </Page>
    );
  if (!data)
    return (
      <Page title={m.op_overview()}>
        <Loading rows={10} />
      </Page>
    );
  if (data.totals.subscribers.now === 0 && data.totals.requests.now === 0)
    return (
      <Page title={m.op_overview()} period={data.period}>
        <NothingYet view={view} reload={reload} />
      </Page>
    );
  return (
    <Page
      title={m.op_overview()}
      period={data.period}
      sentence={<Verdict overview={data} view={view} />}
    >
      {isQuiet(data) && view.book === 'live' && (
        <Empty action={<OpenDemo view={view} />}>{m.op_quiet_demo()}</Empty>
      )}
      <Waterline plans={data.plans} />
      <FourFigures overview={data} view={view} />
      <PlanRequests />
      <div className="columns">
        <Alarms alarms={data.alarms} view={view} />
        <SinceYesterday since={data.sinceYesterday} view={view} />
      </div>
    </Page>
  );
}

/** Nothing came in and nothing went out. */
const isQuiet = ({ totals }: Overview): boolean =>
  numberOf(totals.revenueNanoUsd.now) === 0 && numberOf(totals.costNanoUsd.now) === 0;

/** The page in one sentence. */
function Verdict({
  overview,
  view,
}: {
  readonly overview: Overview;
  readonly view: View;
}): ReactNode {
  const days = daysBetween(overview.period.fromDay, overview.period.toDay);
  const worst = overview.plans
    .filter((line) => !isGift(line) && numberOf(line.marginNanoUsd.now) < 0)
    .toSorted((a, b) => numberOf(a.marginNanoUsd.now) - numberOf(b.marginNanoUsd.now))[0];
  if (isQuiet(overview)) return m.op_verdict_quiet({ days });
  if (!worst)
    return m.op_verdict_floats({ margin: usdInText(overview.totals.marginNanoUsd.now), days });
  return (
    <>
      <Link to={view.at(`/plans/${encodeURIComponent(worst.plan)}`)} className="text-link">
        {m.op_verdict_under({ plan: worst.displayName })}
      </Link>
      {m.ui_gap()}
      {m.op_verdict_lost({ amount: usdInText(worst.marginNanoUsd.now), days })}
      {m.ui_gap()}
      {m.op_verdict_who({
        count: count(worst.waterline.belowCount),
        subscribers: count(worst.subscribers.now),
        each: usdInText(worst.marginPerSubscriberNanoUsd.now),
      })}
    </>
  );
}

function FourFigures({ overview, view }: { readonly overview: Overview; readonly view: View }) {
  const { totals, days } = overview;
  const sold = overview.plans.filter((line) => !isGift(line));
  return (
    <div className="figures">
      <MoneyFigure
        label={m.op_revenue()}
        figure={totals.revenueNanoUsd}
        run={days.map((day) => numberOf(day.revenueNanoUsd))}
        to={view.at('/plans')}
      />
      <MoneyFigure
        label={m.op_cost()}
        figure={totals.costNanoUsd}
        run={days.map((day) => numberOf(day.costNanoUsd))}
        to={view.at('/models')}
      />
      <MoneyFigure
        label={m.op_margin()}
        figure={totals.marginNanoUsd}
        isMargin
        run={days.map((day) => numberOf(day.marginNanoUsd))}
        to={view.at('/plans')}
      />
      <MoneyFigure
        label={m.op_running_loss()}
        figure={totals.runningLossNanoUsd}
        isLoss
        note={m.op_running_loss_note({
          count: count(sold.reduce((sum, line) => sum + line.waterline.belowCount, 0)),
          subscribers: count(sold.reduce((sum, line) => sum + line.subscribers.now, 0)),
        })}
        to={view.at('/customers')}
      />
    </div>
  );
}

function SinceYesterday({
  since,
  view,
}: {
  readonly since: Overview['sinceYesterday'];
  readonly view: View;
}) {
  const { today, yesterday } = since;
  // Each opens what it is made of, of today.
  const day = { from: today.day, to: addDays(today.day, 1) };
  const rows = [
    {
      name: m.op_revenue(),
      to: view.at('/plans', day),
      now: today.revenueNanoUsd,
      before: yesterday.revenueNanoUsd,
    },
    {
      name: m.op_cost(),
      to: view.at('/models', day),
      now: today.costNanoUsd,
      before: yesterday.costNanoUsd,
    },
    {
      name: m.op_margin(),
      to: view.at('/plans', day),
      now: today.marginNanoUsd,
      before: yesterday.marginNanoUsd,
      isMargin: true,
    },
    ...since.plans.map((line) => ({
      name: m.op_margin_of({ plan: line.displayName }),
      to: view.at(`/plans/${encodeURIComponent(line.plan)}`),
      now: line.today.marginNanoUsd,
      before: line.yesterday.marginNanoUsd,
      isMargin: true,
    })),
  ];
  const counts = [
    {
      name: m.op_requests(),
      to: view.at('/requests', day),
      now: today.requests,
      before: yesterday.requests,
    },
    {
      name: m.op_refusals(),
      to: view.at('/requests', { ...day, verdict: 'refused' }),
      now: since.refusals.today,
      before: since.refusals.yesterday,
    },
    {
      name: m.op_new_subscribers(),
      to: view.at('/customers', { ...day, sort: 'joined' }),
      now: since.newSubscribers.today,
      before: since.newSubscribers.yesterday,
    },
  ];
  const all = [
    ...rows.map((row) => ({
      ...row,
      nowText: <Money nano={row.now} isMargin={'isMargin' in row} />,
      beforeText: <Money nano={row.before} isMargin={'isMargin' in row} />,
      moved: change(numberOf(row.now), numberOf(row.before)),
    })),
    ...counts.map((row) => ({
      ...row,
      nowText: count(row.now),
      beforeText: count(row.before),
      moved: change(row.now, row.before),
    })),
  ];
  return (
    <Part
      title={m.op_since_yesterday()}
      note={m.op_since_yesterday_note({ day: dayText(today.day) })}
    >
      <Table
        caption={m.op_since_yesterday()}
        rows={all}
        rowKey={({ name }) => name}
        columns={[
          {
            key: 'name',
            label: '',
            cell: (row) => <Link to={row.to}>{row.name}</Link>,
          },
          { key: 'today', label: m.op_today(), isFigure: true, cell: ({ nowText }) => nowText },
          {
            key: 'yesterday',
            label: m.op_yesterday(),
            isFigure: true,
            cell: ({ beforeText }) => beforeText,
          },
          {
            key: 'moved',
            label: m.op_change(),
            isFigure: true,
            isSecond: true,
            cell: ({ moved }) => moved ?? '',
          },
        ]}
      />
    </Part>
  );
}

function Alarms({ alarms, view }: { readonly alarms: readonly Alarm[]; readonly view: View }) {
  return (
    <Part title={m.op_alarms()}>
      {alarms.length === 0 ? (
        <p className="soft">{m.op_no_alarms()}</p>
      ) : (
        <ul className="alarms">
          {alarms.map((alarm, index) => (
            <li
              key={index}
              className={alarm.kind === 'under_water' ? 'alarm alarm-under' : 'alarm'}
            >
              <AlarmText alarm={alarm} view={view} />
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

function AlarmText({ alarm, view }: { readonly alarm: Alarm; readonly view: View }) {
  if (alarm.kind === 'incidents')
    return (
      <Link to={view.at('/ledger', { tab: 'incidents' })}>
        <strong>{m.op_alarm_incidents({ count: count(alarm.open) })}</strong>
        <span>{m.op_alarm_incidents_note()}</span>
      </Link>
    );
  if (alarm.kind === 'supplier_disagrees')
    return (
      <Link to={view.at('/models', { tab: 'suppliers' })}>
        <strong>{m.op_alarm_claim({ supplier: alarm.supplier, model: alarm.model })}</strong>
        <span>
          {m.op_alarm_claim_note({
            claimed: usd(alarm.claimedNanoUsd),
            booked: usd(alarm.bookedNanoUsd),
          })}
        </span>
      </Link>
    );
  const to = view.at(`/plans/${encodeURIComponent(alarm.plan)}`);
  if (alarm.kind === 'under_water')
    return (
      <Link to={to}>
        <strong>
          {m.op_alarm_under({ plan: alarm.displayName, amount: usdInText(alarm.marginNanoUsd) })}
        </strong>
        <span>
          {m.op_alarm_under_note({ share: percent(alarm.belowShare), day: dayText(alarm.fromDay) })}
        </span>
      </Link>
    );
  if (alarm.kind === 'heading_under_water')
    return (
      <Link to={to}>
        <strong>{m.op_alarm_heading({ plan: alarm.displayName })}</strong>
        <span>
          {m.op_alarm_heading_note({
            now: usdInText(alarm.marginNanoUsd),
            ahead: usdInText(alarm.projectedMarginNanoUsd),
          })}
        </span>
      </Link>
    );
  return (
    <Link to={to}>
      <strong>{m.op_alarm_budget({ plan: alarm.displayName })}</strong>
      <span>
        {m.op_alarm_budget_note({
          cost: usd(alarm.costPerSubscriberNanoUsd),
          budget: usd(alarm.budgetNanoUsd),
          count: count(alarm.overBudgetCount),
        })}
      </span>
    </Link>
  );
}

function NothingYet({ view, reload }: { readonly view: View; readonly reload: () => void }) {
  if (view.book === 'demo')
    return <Empty action={<DemoLoader onDone={reload} />}>{m.op_empty_demo()}</Empty>;
  return <Empty action={<OpenDemo view={view} />}>{m.op_empty_overview()}</Empty>;
}

function OpenDemo({ view }: { readonly view: View }) {
  return <Button onClick={() => view.change({ book: 'demo' })}>{m.op_open_demo()}</Button>;
}

/** Kept beside the overview: the same line, for one plan. */
export function LineFigures({ line, view }: { readonly line: PlanLine; readonly view: View }) {
  const run = line.days;
  return (
    <div className="figures">
      <CountFigure label={m.op_subscribers()} figure={line.subscribers} />
      <MoneyFigure
        label={m.op_revenue()}
        figure={line.revenueNanoUsd}
        run={run.map((day) => numberOf(day.revenueNanoUsd))}
        to={view.at('/ledger')}
      />
      <MoneyFigure
        label={m.op_cost()}
        figure={line.costNanoUsd}
        run={run.map((day) => numberOf(day.costNanoUsd))}
        to={view.at('/requests', { plan: line.plan })}
      />
      <MoneyFigure
        label={m.op_margin()}
        figure={line.marginNanoUsd}
        isMargin
        run={run.map((day) => numberOf(day.marginNanoUsd))}
      />
      <MoneyFigure label={m.op_margin_each()} figure={line.marginPerSubscriberNanoUsd} isMargin />
    </div>
  );
}
