import type { ImportRecord } from '../../../src/lake/import/import-book.ts';
import { m } from '../../paraglide/messages.js';
import { addDays, count, daysText, usd } from '../../ui/figures.ts';
import { Button } from '../../ui/parts.tsx';
import { useRemote } from '../../ui/remote.ts';
import { Part } from '../Page.tsx';

/** Books of imported use, each of which the lab can be asked about; nothing where there are none. */
export function ImportedUse({
  isRunning,
  onAsk,
}: {
  /** The lab looks for a change already. */
  readonly isRunning: boolean;
  readonly onAsk: (book: string) => void;
}) {
  const books = useRemote<readonly ImportRecord[]>('/lab/imports');
  if (!books.data || books.data.length === 0) return null;

  return (
    <Part title={m.lab_imported()} note={m.lab_imported_note()}>
      <ul className="lab-results">
        {books.data.map((each) => (
          <li key={each.book} className="lab-import">
            <span>
              <code>{each.book}</code>{' '}
              <span className="soft">
                {m.lab_imported_of({
                  requests: count(each.requests),
                  subscribers: count(each.customers),
                  days: daysText(each.fromDay, addDays(each.toDay, 1)),
                  cost: usd(each.costNanoUsd),
                })}
              </span>
            </span>
            <Button disabled={isRunning} onClick={() => onAsk(each.book)}>
              {m.lab_run()}
            </Button>
          </li>
        ))}
      </ul>
    </Part>
  );
}
