import { useState } from 'react';
import type { Fix, Recommendation } from '../../../src/lab/lab.schema.ts';
import { api } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { Button } from '../../ui/parts.tsx';
import { problemOf } from '../../ui/session.ts';
import { LocalTable } from '../../ui/Table.tsx';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { Frontier } from './Frontier.tsx';

/** What was found: whether it can be trusted, who causes the loss, the ways out, and the first of them whole. */
export function RecommendationView({ result }: { readonly result: Recommendation }) {
  const view = useView();
  const { loss, oracle, coverage } = result;
  // Customers of imported use are known by their names in the file alone.
  const customerHref = (customer: string): string | undefined =>
    result.book.startsWith('import:') ? undefined : view.at(`/customers/${customer}`);
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
              })}{' '}
        {m.lab_coverage({
          requests: percent(coverage.evidentShare),
          cost: percent(coverage.evidentCostShare),
        })}
      </p>
      {loss.causedBy.length > 0 && (
        <Part title={m.lab_who()} note={m.lab_who_note({ share: percent(loss.causedByShare) })}>
          <LocalTable
            caption={m.lab_who()}
            rows={loss.causedBy}
            rowKey={(row) => row.customer}
            rowHref={(row) => customerHref(row.customer)}
            columns={[
              {
                key: 'customer',
                label: m.lab_customer(),
                cell: (row) => {
                  const href = customerHref(row.customer);
                  const name = <code>{row.customer}</code>;
                  return href === undefined ? name : <Link to={href}>{name}</Link>;
                },
              },
              { key: 'cost', label: m.lab_cost(), isFigure: true, cell: (row) => usd(row.cost) },
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
        </Part>
      )}
      <Part
        title={m.lab_fixes()}
        note={m.lab_tried({
          candidates: count(result.candidates),
          subscribers: count(result.subscribers),
        })}
      >
        <div className="lab-fixes">
          <Frontier
            frontier={result.frontier}
            fixes={result.fixes}
            target={result.bounds.targetMargin}
          />
          <LocalTable<Fix>
            caption={m.lab_fixes()}
            rows={result.fixes}
            rowKey={(fix) => String(fix.rank)}
            columns={[
              { key: 'rank', label: '#', isFigure: true, cell: (fix) => fix.rank },
              {
                key: 'what',
                label: m.lab_change(),
                cell: (fix) =>
                  fix.changes.length === 0 ? m.lab_as_it_is() : fix.changes.join('; '),
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
        </div>
      </Part>
      {result.document !== null && <Publish result={result} document={result.document} />}
    </>
  );
}

/** The first change as a document, and the way to publish it: never without a yes. */
function Publish({
  result,
  document,
}: {
  readonly result: Recommendation;
  readonly document: string;
}) {
  const [isAsking, ask] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const publish = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await api('POST', '/offer/apply', { document });
      say(m.lab_published({ plan: result.plan }));
      ask(false);
    } catch (error) {
      setProblem(problemOf(error) ?? String(error));
    } finally {
      setBusy(false);
    }
  };
  const href = `data:text/yaml;charset=utf-8,${encodeURIComponent(document)}`;
  return (
    <Part title={m.lab_first({ change: result.fixes[0]?.changes.join('; ') ?? '' })}>
      <div className="lab-publish">
        <a className="button" href={href} download={`breakeven-${result.plan}.yaml`}>
          {m.lab_download()}
        </a>
        {isAsking ? (
          <>
            <span>{m.lab_confirm({ plan: result.plan })}</span>
            <Button main busy={isBusy} onClick={() => void publish()}>
              {m.lab_publish_yes()}
            </Button>
            <Button onClick={() => ask(false)}>{m.lab_publish_no()}</Button>
          </>
        ) : (
          <Button onClick={() => ask(true)}>{m.lab_publish()}</Button>
        )}
      </div>
      {said && <p role="status">{said}</p>}
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <details>
        <summary>breakeven.yaml</summary>
        <pre className="lab-document" tabIndex={0}>
          {document}
        </pre>
      </details>
    </Part>
  );
}
