import type { MyMeter, MyPlans, MyReceiptRow, MyUsage } from '../../src/http/shapes/me.ts';
import type { Session } from '../../src/http/shapes/session.ts';
import { clockTime } from '../chat/figures.ts';
import { m } from '../paraglide/messages.js';
import {
  addDays,
  count,
  countShort,
  dateText,
  dayText,
  moment,
  numberOf,
  percent,
  usd,
} from '../ui/figures.ts';
import { Empty, Failure, Loading } from '../ui/parts.tsx';
import { PlanFit } from '../ui/PlanFit.tsx';
import { useRemote } from '../ui/remote.ts';
import { RemoteTable } from '../ui/RemoteTable.tsx';
import { type Column, LocalTable } from '../ui/Table.tsx';
import { sentences } from '../ui/words.ts';
import { AlertList } from './AlertList.tsx';
import { Part } from './Part.tsx';
import { PlanNotices } from './PlanNotices.tsx';
import { amountWords, limitName } from './terms.ts';
import { UseByDay } from './UseByDay.tsx';

/** What was used, how full every limit is, and where the period will end. */
export function UsagePage({ customer }: { readonly customer: NonNullable<Session['customer']> }) {
  const { data, error, reload } = useRemote<MyUsage>('/me/usage', { everyMs: 5_000 });
  const plans = useRemote<MyPlans>('/me/plans');
  if (error && !data) return <Failure error={error} onAgain={reload} />;
  if (!data) return <Loading rows={8} />;
  const gates = plans.data?.rows.find(({ current }) => current)?.gates ?? [];
  const nameOf = (meter: MyMeter): string => meterName(meter, gates);
  return (
    <>
      <PlanNotices />
      <AlertList />
      <p className="account-sentence">
        {sentences([
          m.me_usage_sentence({
            requests: count(data.totals.requests),
            from: dayText(data.fromDay),
            plan: customer.plan?.displayName ?? m.me_no_plan(),
          }),
          forecastOf(data, nameOf),
        ])}
      </p>
      <Part title={m.me_limits()} note={m.me_limits_note()}>
        {data.meters.length === 0 ? (
          <p className="soft">{m.me_no_limits()}</p>
        ) : (
          <ul className="gauges">
            {data.meters.map((meter) => (
              <Gauge key={meter.gate} meter={meter} name={nameOf(meter)} />
            ))}
          </ul>
        )}
        <Credits usage={data} />
      </Part>
      {data.totals.requests === 0 ? (
        <Part title={m.me_by_day()}>
          <Empty>{m.me_nothing_used()}</Empty>
        </Part>
      ) : (
        <Used usage={data} />
      )}
      {customer.role === 'admin' && (
        <Part title={m.fit_title()} note={m.fit_note()}>
          <PlanFit path="/me/plan-fit" />
        </Part>
      )}
      <Part title={m.me_receipts()} note={m.me_receipts_note()}>
        <RemoteTable<MyReceiptRow>
          caption={m.me_receipts()}
          path="/me/receipts"
          query={{}}
          rowKey={(row) => row.requestId}
          empty={m.me_no_receipts()}
          columns={RECEIPT_COLUMNS}
        />
      </Part>
    </>
  );
}

/** Day by day, and by who and what. */
function Used({ usage: data }: { readonly usage: MyUsage }) {
  return (
    <>
      <Part title={m.me_by_day()}>
        <UseByDay
          days={data.byDay}
          fromDay={data.fromDay}
          toDay={data.balances ? dayAfter(data.balances.periodEndMs) : data.toDay}
        />
      </Part>
      <div className="account-columns">
        <Part title={m.me_by_model()}>
          <Shares
            name={m.me_model()}
            rows={data.byModel.map(({ modelName, ...used }) => ({ name: modelName, ...used }))}
          />
        </Part>
        <Part title={m.me_by_member()}>
          <Shares name={m.me_member()} rows={data.byMember} />
        </Part>
        <Part title={m.me_by_key()}>
          <Shares
            name={m.me_key()}
            rows={data.byKey.map(({ keyId, name, ...used }) => ({
              name: keyId === null ? m.me_in_chat() : name,
              ...used,
            }))}
          />
        </Part>
      </div>
    </>
  );
}

const RECEIPT_COLUMNS: readonly Column<MyReceiptRow>[] = [
  {
    key: 'at',
    label: m.me_when(),
    sort: true,
    cell: (row) => <a href={`/receipt/${row.requestId}`}>{moment(row.atMs)}</a>,
  },
  { key: 'model', label: m.me_model(), cell: (row) => row.modelName },
  {
    key: 'in',
    label: m.me_tokens_in(),
    isFigure: true,
    isSecond: true,
    cell: (row) => count(row.tokensIn),
  },
  {
    key: 'out',
    label: m.me_tokens_out(),
    isFigure: true,
    isSecond: true,
    cell: (row) => count(row.tokensOut),
  },
  {
    key: 'charge',
    label: m.me_charge(),
    isFigure: true,
    cell: chargeWords,
  },
];

function chargeWords({ outcome, chargeNanoUsd }: MyReceiptRow): string {
  if (outcome === 'voided') return m.chat_took_nothing();
  return numberOf(chargeNanoUsd) === 0 ? m.me_in_plan() : usd(chargeNanoUsd);
}

/** The UTC day after an instant's. */
function dayAfter(atMs: number): string {
  return addDays(new Date(atMs - 1).toISOString().slice(0, 10), 1);
}

/** Where the period will end at this pace: a limit that would be full, or none. */
function forecastOf(usage: MyUsage, nameOf: (meter: MyMeter) => string): string | undefined {
  const { forecast } = usage;
  if (!forecast) return undefined;
  const { fullGate } = forecast;
  if (fullGate) {
    const meter = usage.meters.find(({ gate }) => gate === fullGate.gate);
    return m.me_forecast_full({
      gate: meter ? nameOf(meter) : fullGate.gate,
      at: moment(fullGate.atMs),
    });
  }
  return m.me_forecast_free({
    requests: count(forecast.requests),
    at: dateText(forecast.periodEndsAtMs),
  });
}

function meterName(meter: MyMeter, gates: MyPlans['rows'][number]['gates']): string {
  const [id, ofClass] = meter.gate.split('/');
  const classes = ofClass ? [ofClass] : (gates.find((gate) => gate.id === id)?.classes ?? []);
  return limitName({ unit: meter.unit, classes, window: meter.window });
}

function Gauge({ meter, name }: { readonly meter: MyMeter; readonly name: string }) {
  const share = Math.min(1, meter.fill);
  return (
    <li>
      <span className="gauge-name">{name}</span>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="gauge-room" width={100} height={6} />
        <rect className="gauge-fill" width={share * 100} height={6} />
      </svg>
      <span className="gauge-text">
        {meter.used === null || meter.limit === null
          ? m.me_share_full({ share: percent(meter.fill) })
          : m.me_of({
              used:
                meter.unit === 'messages'
                  ? count(meter.used / 1000)
                  : amountWords(meter.unit, meter.used),
              limit: amountWords(meter.unit, meter.limit),
            })}
      </span>
      <span className="faint">{resetWords(meter)}</span>
    </li>
  );
}

/** A rolling window empties bit by bit; the others at once. */
function resetWords({ resetsAtMs, window, fill }: MyMeter): string {
  if (resetsAtMs === null || fill === 0) return '';
  const at = clockTime(resetsAtMs);
  return window.startsWith('rolling') ? m.me_falls({ at }) : m.me_resets({ at });
}

function Credits({ usage }: { readonly usage: MyUsage }) {
  const { balances } = usage;
  if (!balances) return null;
  const credits = numberOf(balances.promotionalNanoUsd) + numberOf(balances.boughtNanoUsd);
  const parts = [
    m.me_period_ends({ at: moment(balances.periodEndMs) }),
    credits > 0 && m.me_credits_left({ amount: usd(credits) }),
    numberOf(balances.overageUsedNanoUsd) > 0 &&
      m.me_overage_used({ amount: usd(balances.overageUsedNanoUsd) }),
    balances.capNanoUsd !== null && m.me_cap_is({ amount: usd(balances.capNanoUsd) }),
  ];
  return <p className="soft">{sentences(parts)}</p>;
}

interface UsedRow {
  readonly name: string;
  readonly requests: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
}

function Shares({ name, rows }: { readonly name: string; readonly rows: readonly UsedRow[] }) {
  return (
    <LocalTable<UsedRow>
      caption={name}
      rows={rows}
      rowKey={(row, index) => `${index}-${row.name}`}
      firstSort={{ key: 'requests', order: 'desc' }}
      columns={[
        { key: 'name', label: name, sort: (row) => row.name, cell: (row) => row.name },
        {
          key: 'requests',
          label: m.me_requests(),
          isFigure: true,
          sort: (row) => row.requests,
          cell: (row) => count(row.requests),
        },
        {
          key: 'tokens',
          label: m.me_tokens_head(),
          isFigure: true,
          sort: (row) => row.tokensIn + row.tokensOut,
          cell: (row) => countShort(row.tokensIn + row.tokensOut),
        },
      ]}
    />
  );
}
