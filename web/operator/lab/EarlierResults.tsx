import type { LabResultHead } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { moment, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { isImported } from './imported.ts';

/** What was asked before, newest first, with what came of it. */
export function EarlierResults({
  heads,
  open,
  nameOf,
}: {
  readonly heads: readonly LabResultHead[];
  /** The one that is looked at. */
  readonly open: string;
  readonly nameOf: (plan: string) => string;
}) {
  const view = useView();
  if (heads.length === 0) return null;
  return (
    <Part title={m.lab_results()}>
      <ul className="lab-results">
        {heads.map((head) => (
          <li key={head.id}>
            <Link
              className="text-link"
              to={view.at(`/lab/${head.id}`, { of: isImported(head.book) ? head.book : undefined })}
              aria-current={head.id === open ? 'page' : undefined}
            >
              {moment(head.createdAtMs)}
            </Link>{' '}
            <span>{head.plan === null ? m.lab_own() : nameOf(head.plan)}</span>{' '}
            <span className="soft">{outcomeWords(head)}</span>
            {isImported(head.book) && <code className="faint">{head.book}</code>}
          </li>
        ))}
      </ul>
    </Part>
  );
}

function outcomeWords({ outcome, marginBefore, marginAfter }: LabResultHead): string {
  const [before, after] = [usd(marginBefore), usd(marginAfter)];
  if (outcome === 'as it is') return m.lab_outcome_as_it_is({ margin: before });
  if (outcome === 'none fits') return m.lab_outcome_none({ before, after });
  return m.lab_outcome_change({ before, after });
}
