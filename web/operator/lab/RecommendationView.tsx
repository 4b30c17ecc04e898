import type { Fix, LabResultHead, Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count } from '../../ui/figures.ts';
import { usePlace } from '../../ui/place.ts';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { Assumed } from './Assumptions.tsx';
import type { Behaviour } from './assumption-list.ts';
import { useCustomers } from './customer-names.ts';
import { Difference } from './Difference.tsx';
import { ScenarioView } from './ScenarioView.tsx';
import { Trust } from './Trust.tsx';
import { WaysOut } from './WaysOut.tsx';
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
            <WaysOut result={result} open={open} at={at} />
            <p className="lab-assumed-head">{m.lab_assumptions()}</p>
            <Assumed behaviour={result.behaviour} defaults={defaults} />
          </Part>
        </ScenarioView>
      )}
    </>
  );
}
