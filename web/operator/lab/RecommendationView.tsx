import type { Fix, Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import type { SubscriberRow } from '../../../src/http/shapes/plans.ts';
import type { Page } from '../../../src/http/shapes/wire.ts';
import { addDays, count, percent, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { usePlace } from '../../ui/place.ts';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { Assumed } from './Assumptions.tsx';
import type { Behaviour } from './assumption-list.ts';
import { changeTitle } from './change-words.ts';
import { Difference } from './Difference.tsx';
import { isImported } from './imported.ts';
import type { ResultHead } from './LabPage.tsx';
import { ScenarioView } from './ScenarioView.tsx';

/**
 * What was found: what it would take, whether it can be trusted, the ways out with one of them open,
 * and who causes the loss.
 */
export function RecommendationView({
  result,
  defaults,
  heads,
}: {
  readonly result: Recommendation;
  readonly defaults: Behaviour;
  readonly heads: readonly ResultHead[];
}) {
  const view = useView();
  const { query } = usePlace();
  const { oracle, coverage, terms } = result;
  const asked = Number(query.get('fix') ?? 1);
  const open = result.fixes.find(({ rank }) => rank === asked) ?? result.fixes[0];
  const at = (fix: Fix): string => view.at(`/lab/${result.id}`, { fix: String(fix.rank) });
  return (
    <>
      <p className="lab-trust">
        <span className={oracle.exact ? 'badge' : 'badge badge-open'}>
          {oracle.exact
            ? m.lab_exact()
            : oracle.compared === 0
              ? m.lab_unproven()
              : m.lab_inexact()}
        </span>{' '}
        {oracle.exact
          ? m.lab_exact_note({ count: count(oracle.compared) })
          : oracle.compared === 0
            ? m.lab_unproven_note()
            : m.lab_inexact_note({
                decisions: count(oracle.differingDecisions),
                charges: count(oracle.differingCharges),
              })}
        {m.ui_gap()}
        {m.lab_coverage({
          requests: percent(coverage.evidentShare),
          cost: percent(coverage.evidentCostShare),
        })}
      </p>
      <Difference result={result} heads={heads} />
      {open && <ScenarioView key={`${result.id} ${open.rank}`} result={result} fix={open} />}
      <Part
        title={m.lab_fixes()}
        note={m.lab_tried({
          candidates: count(result.candidates),
          subscribers: count(result.subscribers),
        })}
      >
        <LocalTable<Fix>
          caption={m.lab_fixes()}
          rows={result.fixes}
          rowKey={(fix) => String(fix.rank)}
          rowHref={at}
          columns={[
            { key: 'rank', label: '#', isFigure: true, cell: (fix) => fix.rank },
            {
              key: 'what',
              label: m.lab_change(),
              cell: (fix) => (
                <Link to={at(fix)} aria-current={fix === open ? 'true' : undefined}>
                  {changeTitle(terms, fix.terms ?? terms)}
                </Link>
              ),
            },
            {
              key: 'fits',
              label: m.lab_fits(),
              isSecond: true,
              cell: (fix) => (fix.fits ? m.lab_fits_yes() : missWords(fix)),
            },
            {
              key: 'margin',
              label: m.lab_margin(),
              isFigure: true,
              cell: (fix) => usd(fix.margin),
            },
            {
              key: 'harmed',
              label: m.lab_harmed(),
              isFigure: true,
              cell: (fix) => `${count(fix.harmed)} (${percent(fix.harmedShare)})`,
            },
            {
              key: 'bill',
              label: m.lab_highest_bill(),
              isFigure: true,
              isSecond: true,
              cell: (fix) =>
                fix.billMultipleMax === null ? '–' : `×${fix.billMultipleMax.toFixed(2)}`,
            },
          ]}
        />
        <p className="lab-assumed-head">{m.lab_assumptions()}</p>
        <Assumed behaviour={result.behaviour} defaults={defaults} />
      </Part>
      <WhoCausesIt result={result} />
    </>
  );
}

function missWords({ misses }: Fix): string {
  const words: Readonly<Record<string, () => string>> = {
    margin: m.lab_miss_margin,
    harm: m.lab_miss_harm,
    bill: m.lab_miss_bill,
  };
  return misses.map((miss) => words[miss]?.() ?? miss).join(m.lab_words_comma());
}

function WhoCausesIt({ result }: { readonly result: Recommendation }) {
  const { book, loss, plan, fromDay, toDay } = result;
  const view = useView();
  const subscribers = useRemote<Page<SubscriberRow>>(
    isImported(book)
      ? undefined
      : `/console/plans/${encodeURIComponent(plan)}/subscribers${queryOf({ book, from: fromDay, to: addDays(toDay, 1), sort: 'margin', limit: 200 })}`,
  );
  const nameOf = (customer: string): string | undefined =>
    subscribers.data?.rows.find(({ customerId }) => customerId === customer)?.name;
  // Customers of imported use are known by their names in the file alone.
  const pageOf = (customer: string): string | undefined =>
    isImported(book) ? undefined : view.at(`/customers/${customer}`);
  if (loss.causedBy.length === 0) return null;
  return (
    <Part title={m.lab_who()} note={m.lab_who_note({ share: percent(loss.causedByShare) })}>
      <div className="lab-who">
        <LocalTable
          caption={m.lab_who()}
          rows={loss.causedBy}
          rowKey={(row) => row.customer}
          rowHref={(row) => pageOf(row.customer)}
          columns={[
            {
              key: 'customer',
              label: m.lab_customer(),
              cell: (row) => {
                const page = pageOf(row.customer);
                const name = nameOf(row.customer) ?? <code>{row.customer}</code>;
                return page === undefined ? name : <Link to={page}>{name}</Link>;
              },
            },
            {
              key: 'cost',
              label: m.lab_cost(),
              isFigure: true,
              isSecond: true,
              cell: (row) => usd(row.cost),
            },
            {
              key: 'margin',
              label: m.lab_margin(),
              isFigure: true,
              cell: (row) => <span className="under">{usd(row.margin)}</span>,
            },
            {
              key: 'share',
              label: m.lab_share_of_loss(),
              isFigure: true,
              cell: (row) => percent(row.shareOfLoss),
            },
          ]}
        />
      </div>
    </Part>
  );
}
