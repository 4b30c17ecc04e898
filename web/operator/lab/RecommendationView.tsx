import type { Fix, LabResultHead, Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { usePlace } from '../../ui/place.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { Assumed } from './Assumptions.tsx';
import type { Behaviour } from './assumption-list.ts';
import { changeTitle } from './change-words.ts';
import { useCustomers } from './customer-names.ts';
import { Difference } from './Difference.tsx';
import { ScenarioView } from './ScenarioView.tsx';
import { Trust } from './Trust.tsx';
import { WhoCausesIt } from './WhoCausesIt.tsx';

/**
 * What was found: whether it can be trusted, the ways out with one of them open, who causes the loss,
 * and what the open one does to whom.
 */
export function RecommendationView({
  result,
  defaults,
  heads,
  isRunning,
  onReplay,
}: {
  readonly result: Recommendation;
  readonly defaults: Behaviour;
  readonly heads: readonly LabResultHead[];
  /** The lab replays a document already. */
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
}) {
  const view = useView();
  const { query } = usePlace();
  const { terms } = result;
  const customers = useCustomers(result, result.plan);
  const asked = Number(query.get('fix') ?? 1);
  const open = result.fixes.find(({ rank }) => rank === asked) ?? result.fixes[0];
  const at = (fix: Fix): string => view.at(`/lab/${result.id}`, { fix: String(fix.rank) });
  return (
    <>
      <Trust result={result} />
      <Difference result={result} heads={heads} />
      {open && (
        <ScenarioView
          key={`${result.id} ${open.rank}`}
          result={result}
          fix={open}
          customers={customers}
          isRunning={isRunning}
          onReplay={onReplay}
        >
          <WhoCausesIt loss={result.loss} customers={customers} />
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
        </ScenarioView>
      )}
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
