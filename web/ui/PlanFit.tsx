import type { PlanFitAnswer } from '../../src/http/shapes/me.ts';
import { m } from '../paraglide/messages.js';
import { count, dateText, numberOf, usd, usdInText } from './figures.ts';
import { Failure, Loading } from './parts.tsx';
import { useRemote } from './remote.ts';
import { LocalTable } from './Table.tsx';
import { sentences } from './words.ts';

type Compared = Extract<PlanFitAnswer, { state: 'compared' }>;
type Outcome = Compared['own'];

/** What each plan on offer would have made of a customer's own requests: a sentence, and the table behind it. */
export function PlanFit({ path }: { readonly path: string }) {
  const { data, error, reload } = useRemote<PlanFitAnswer>(path);
  if (!data) return error ? <Failure error={error} onAgain={reload} /> : <Loading rows={4} />;
  if (data.state !== 'compared') return <p className="soft">{SILENT[data.state]()}</p>;
  if (data.others.length === 0) return <p className="soft">{m.fit_alone()}</p>;
  const unknown = Math.max(0, ...data.others.map((outcome) => outcome.unknown));
  const isEstimated = data.others.some(({ estimated }) => estimated > 0);
  return (
    <>
      <p className="fit-sentence">{sentenceOf(data)}</p>
      <Outcomes fit={data} />
      <p className="soft">
        {sentences([
          data.isPart && m.fit_part({ from: dateText(data.fromMs) }),
          !data.isWhole && (data.isPart ? m.fit_running_part() : m.fit_running()),
          m.fit_how({
            own: data.own.displayName,
            reproduced: count(data.reproduced),
            compared: count(data.compared),
          }),
          m.fit_metered(),
          isEstimated && m.fit_estimated(),
          unknown > 0 && m.fit_unknown({ count: count(unknown) }),
        ])}
      </p>
    </>
  );
}

const SILENT: Readonly<Record<Exclude<PlanFitAnswer['state'], 'compared'>, () => string>> = {
  too_early: m.fit_too_early,
  no_requests: m.fit_no_requests,
  changed_plan: m.fit_changed,
  too_many: m.fit_too_many,
  no_plan: m.fit_no_plan,
};

function sentenceOf(fit: Compared): string {
  const days = { from: dateText(fit.fromMs), to: dateText(fit.toMs) };
  const other = fit.others.find(({ plan }) => plan === fit.plan);
  if (!other) return m.fit_right({ ...days, plan: fit.own.displayName });
  const difference = numberOf(other.differenceNanoUsd);
  const what = { ...days, plan: other.displayName, amount: usdInText(Math.abs(difference)) };
  if (fit.verdict === 'roomier')
    return m.fit_roomier({
      ...what,
      own: fit.own.displayName,
      days: daysWords(fit.own.refusedDays),
      daysThen: daysWords(other.refusedDays),
    });
  if (fit.verdict === 'cheaper') return m.fit_cheaper(what);
  return other.refused > 0
    ? m.fit_cheaper_stops({ ...what, days: daysWords(other.refusedDays) })
    : m.fit_cheaper_falls({ ...what, days: daysWords(other.fellBackDays) });
}

function daysWords(days: number): string {
  if (days === 0) return m.fit_no_day();
  return days === 1 ? m.fit_day() : m.fit_days({ days: count(days) });
}

function Outcomes({ fit }: { readonly fit: Compared }) {
  const times = (requests: number, days: number): string =>
    requests === 0 ? '0' : m.fit_refused_on({ count: count(requests), days: daysWords(days) });
  return (
    <LocalTable<Outcome>
      caption={m.fit_title()}
      rows={[fit.own, ...fit.others]}
      rowKey={(row) => row.plan}
      columns={[
        {
          key: 'plan',
          label: m.fit_plan(),
          cell: (row) =>
            row.plan === fit.own.plan ? m.fit_own({ plan: row.displayName }) : row.displayName,
        },
        {
          key: 'price',
          label: m.fit_price(),
          isFigure: true,
          isSecond: true,
          cell: (row) => usd(row.priceNanoUsd),
        },
        {
          key: 'beyond',
          label: m.fit_beyond(),
          isFigure: true,
          isSecond: true,
          cell: (row) => usd(row.beyondNanoUsd),
        },
        {
          key: 'difference',
          label: m.fit_difference({ own: fit.own.displayName }),
          isFigure: true,
          cell: (row) =>
            row.plan === fit.own.plan ? '' : usd(row.differenceNanoUsd, { signed: true }),
        },
        {
          key: 'refused',
          label: m.fit_refused(),
          isFigure: true,
          cell: (row) => times(row.refused, row.refusedDays),
        },
        {
          key: 'fell-back',
          label: m.fit_fell_back(),
          isFigure: true,
          isSecond: true,
          cell: (row) => times(row.fellBack, row.fellBackDays),
        },
        {
          key: 'estimated',
          label: m.fit_estimated_head(),
          isFigure: true,
          isSecond: true,
          cell: (row) => count(row.estimated),
        },
      ]}
    />
  );
}
