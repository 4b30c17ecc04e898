import type { LabResult } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';

/** Whether a result can be trusted: the proof against the books, and how much of it is known. */
export function Trust({ result }: { readonly result: LabResult }) {
  const { oracle, coverage } = result;
  return (
    <p className="lab-trust">
      <span className={oracle.exact ? 'badge' : 'badge badge-open'}>
        {oracle.exact ? m.lab_exact() : oracle.compared === 0 ? m.lab_unproven() : m.lab_inexact()}
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
      {coverage.derived > 0 && (
        <>
          {m.ui_gap()}
          {m.lab_derived({ count: count(coverage.derived), cost: usd(coverage.derivedCost) })}
        </>
      )}
      {coverage.unseenServed > 0 && (
        <>
          {m.ui_gap()}
          {m.lab_unseen({ count: count(coverage.unseenServed), cost: usd(coverage.unseenCost) })}
        </>
      )}
      {coverage.unknownDemand > 0 && (
        <>
          {m.ui_gap()}
          {m.lab_unknown_demand({ count: count(coverage.unknownDemand) })}
        </>
      )}
    </p>
  );
}
