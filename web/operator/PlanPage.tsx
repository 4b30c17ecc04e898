import type { PlanDetail, PlanVersionRow, SubscriberRow } from '../../src/http/shapes/plans.ts';
import { className } from '../chat/meter-words.ts';
import { m } from '../paraglide/messages.js';
import { count, moment, numberOf, percent, usd, usdInText } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';
import { Failure, Loading } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { LocalTable } from '../ui/Table.tsx';
import { LineFigures } from './OverviewPage.tsx';
import { gateText } from './gate-words.ts';
import { Page, Part } from './Page.tsx';
import { tariffText } from './server-words.ts';
import { subscriberColumns } from './subscriber-columns.tsx';
import { SubscriberCurve } from './SubscriberCurve.tsx';
import { useView } from './view.ts';
import { isGift } from './Waterline.tsx';

/** One plan: its whole curve, who hits which gate, its versions, everybody on it. */
export function PlanPage({ plan }: { readonly plan: string }) {
  const view = useView();
  const path = `/console/plans/${encodeURIComponent(plan)}`;
  const { data, error, reload } = useRemote<PlanDetail>(`${path}${queryOf(view.query)}`);
  const trail = [{ to: view.at('/plans'), label: m.op_plans() }];
  if (!data)
    return (
      <Page title={plan} trail={trail}>
        {error ? <Failure error={error} onAgain={reload} /> : <Loading rows={10} />}
      </Page>
    );
  const { line } = data;
  return (
    <Page
      title={line.displayName}
      trail={trail}
      period={data.period}
      actions={
        numberOf(line.priceNanoUsd) > 0 && (
          <Link className="button" to={view.at('/lab', { plan })}>
            {m.op_plan_lab()}
          </Link>
        )
      }
      sentence={
        isGift(line)
          ? m.op_plan_gift({ each: usdInText(-numberOf(line.marginPerSubscriberNanoUsd.now)) })
          : numberOf(line.marginNanoUsd.now) < 0
            ? m.op_plan_under({
                amount: usdInText(line.marginNanoUsd.now),
                price: usdInText(line.priceNanoUsd),
                each: usdInText(line.marginPerSubscriberNanoUsd.now),
                top: percent(line.waterline.topTenthLossShare),
              })
            : m.op_plan_floats({
                amount: usdInText(line.marginNanoUsd.now),
                each: usdInText(line.marginPerSubscriberNanoUsd.now),
              })
      }
    >
      <SubscriberCurve detail={data} />
      <LineFigures line={line} view={view} />
      <Part title={m.op_who_is_on_it()} note={m.op_who_is_on_it_note()}>
        <RemoteTable<SubscriberRow>
          caption={m.op_who_is_on_it()}
          path={`${path}/subscribers`}
          query={view.query}
          columns={subscriberColumns(view)}
          rowKey={(row) => row.customerId}
          rowHref={(row) => view.at(`/customers/${row.customerId}`)}
          firstSort={{ key: 'margin', order: 'asc' }}
          hasSearch
          empty={m.op_no_subscribers()}
        />
      </Part>
      <Part title={m.op_gates()} note={m.op_gates_note()}>
        {data.gates.length === 0 ? (
          <p className="soft">{m.op_no_gate_hits()}</p>
        ) : (
          <LocalTable
            caption={m.op_gates()}
            rows={data.gates}
            rowKey={(hits) => hits.gate}
            rowHref={(hits) => view.at('/requests', { plan, gate: hits.gate })}
            columns={[
              {
                key: 'gate',
                label: m.op_gate(),
                sort: (hits) => hits.gate,
                cell: (hits) => (
                  <Link to={view.at('/requests', { plan, gate: hits.gate })}>
                    <code>{hits.gate}</code>
                  </Link>
                ),
              },
              {
                key: 'subscribers',
                label: m.op_subscribers(),
                isFigure: true,
                sort: (hits) => hits.subscribers,
                cell: (hits) => count(hits.subscribers),
              },
              {
                key: 'refused',
                label: m.op_refused(),
                isFigure: true,
                sort: (hits) => hits.refused,
                cell: (hits) => count(hits.refused),
              },
              {
                key: 'fellBack',
                label: m.op_fell_back(),
                isFigure: true,
                sort: (hits) => hits.fellBack,
                cell: (hits) => count(hits.fellBack),
              },
              {
                key: 'passed',
                label: m.op_passed(),
                isFigure: true,
                sort: (hits) => hits.passed,
                cell: (hits) => count(hits.passed),
              },
            ]}
          />
        )}
      </Part>
      <Part title={m.op_versions()} note={m.op_versions_note()}>
        <div className="versions">
          {data.versions.map((version) => (
            <Version key={version.id} version={version} />
          ))}
        </div>
      </Part>
    </Page>
  );
}

function Version({ version }: { readonly version: PlanVersionRow }) {
  return (
    <details className="version" open={version.current}>
      <summary>
        <strong>{m.op_version_n({ version: version.version })}</strong>
        {version.current && <span className="tag">{m.op_version_current()}</span>}
        <span>{m.op_price_a_period({ price: usd(version.priceNanoUsd) })}</span>
        <span>{m.op_subscribers_n({ count: count(version.subscribers) })}</span>
        <span className="faint">{moment(version.publishedAtMs)}</span>
      </summary>
      <ul className="terms">
        {version.gates.map((gate) => (
          <li key={gate.id}>
            <code>{gate.id}</code> {gateText(gate)}
          </li>
        ))}
        {version.gates.length === 0 && <li>{m.op_no_gates()}</li>}
        <li>
          {m.op_classes({
            classes: version.classes
              .map(({ name, weightMilli }) => `${className(name)} × ${count(weightMilli / 1000)}`)
              .join(' · '),
          })}
        </li>
        <li>{m.op_tariff({ tariff: tariffText(version.tariff) })}</li>
        {numberOf(version.creditsNanoUsd) > 0 && (
          <li>{m.op_credits_included({ amount: usd(version.creditsNanoUsd) })}</li>
        )}
        {numberOf(version.overageCapNanoUsd) > 0 && (
          <li>{m.op_overage_cap({ amount: usd(version.overageCapNanoUsd) })}</li>
        )}
        {version.acquisitionBudgetNanoUsd !== null && (
          <li>{m.op_acquisition({ amount: usd(version.acquisitionBudgetNanoUsd) })}</li>
        )}
      </ul>
    </details>
  );
}
