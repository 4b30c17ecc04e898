import type { PlanLine } from '../../src/http/shapes/overview.ts';
import type { PlansAnswer } from '../../src/http/shapes/plans.ts';
import { m } from '../paraglide/messages.js';
import { count, numberOf, percent, usd } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Empty, Failure, Loading } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { type Column, LocalTable } from '../ui/Table.tsx';
import { Money, Spark } from './Figure.tsx';
import { Page } from './Page.tsx';
import { useView } from './view.ts';

/** Every plan with what it earned and cost. */
export function PlansPage() {
  const view = useView();
  const path = `/console/plans${queryOf(view.query)}`;
  const { data, error, reload } = useRemote<PlansAnswer>(path);
  const to = (line: PlanLine): string => view.at(`/plans/${encodeURIComponent(line.plan)}`);
  const columns: readonly Column<PlanLine>[] = [
    {
      key: 'name',
      label: m.op_plan(),
      sort: (line) => line.displayName,
      cell: (line) => <Link to={to(line)}>{line.displayName}</Link>,
    },
    {
      key: 'price',
      label: m.op_price(),
      isFigure: true,
      isSecond: true,
      sort: (line) => numberOf(line.priceNanoUsd),
      cell: (line) => usd(line.priceNanoUsd),
    },
    {
      key: 'subscribers',
      label: m.op_subscribers(),
      isFigure: true,
      sort: (line) => line.subscribers.now,
      cell: (line) => count(line.subscribers.now),
    },
    {
      key: 'requests',
      label: m.op_requests(),
      isFigure: true,
      isSecond: true,
      sort: (line) => line.requests.now,
      cell: (line) => count(line.requests.now),
    },
    {
      key: 'revenue',
      label: m.op_revenue(),
      isFigure: true,
      isSecond: true,
      sort: (line) => numberOf(line.revenueNanoUsd.now),
      cell: (line) => <Money nano={line.revenueNanoUsd.now} />,
    },
    {
      key: 'cost',
      label: m.op_cost(),
      isFigure: true,
      isSecond: true,
      sort: (line) => numberOf(line.costNanoUsd.now),
      cell: (line) => <Money nano={line.costNanoUsd.now} />,
    },
    {
      key: 'margin',
      label: m.op_margin(),
      isFigure: true,
      sort: (line) => numberOf(line.marginNanoUsd.now),
      cell: (line) => <Money nano={line.marginNanoUsd.now} isMargin />,
    },
    {
      key: 'each',
      label: m.op_margin_each(),
      isFigure: true,
      isSecond: true,
      sort: (line) => numberOf(line.marginPerSubscriberNanoUsd.now),
      cell: (line) => <Money nano={line.marginPerSubscriberNanoUsd.now} isMargin />,
    },
    {
      key: 'below',
      label: m.op_below(),
      isFigure: true,
      sort: (line) => line.waterline.belowShare,
      cell: (line) => percent(line.waterline.belowShare),
    },
    {
      key: 'run',
      label: m.op_margin_by_day(),
      isSecond: true,
      cell: (line) => <Spark values={line.days.map((day) => numberOf(day.marginNanoUsd))} />,
    },
  ];
  return (
    <Page title={m.op_plans()} period={data?.period}>
      {error && !data ? (
        <Failure error={error} onAgain={reload} />
      ) : !data ? (
        <Loading />
      ) : data.rows.length === 0 ? (
        <Empty>{m.op_no_plans()}</Empty>
      ) : (
        <LocalTable
          caption={m.op_plans()}
          columns={columns}
          rows={data.rows}
          rowKey={(line) => line.plan}
          rowHref={to}
          csvHref={`/api/console/plans${queryOf({ ...view.query, format: 'csv' })}`}
        />
      )}
    </Page>
  );
}
