import { useState } from 'react';
import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import type { ImportRecord } from '../../../src/lake/import/import-book.ts';
import type { ApiError } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { addDays, count, daysText, usd } from '../../ui/figures.ts';
import { Button, Failure, ProgressBar } from '../../ui/parts.tsx';
import { goTo } from '../../ui/place.ts';
import { useRemote } from '../../ui/remote.ts';
import { apiStream } from '../../ui/stream.ts';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';

interface Running {
  readonly book: string;
  readonly stop: AbortController;
  readonly text?: string;
  readonly share?: number;
}

/** Books of imported use, each of which can be asked for a change; nothing where there are none. */
export function ImportedUse() {
  const view = useView();
  const books = useRemote<readonly ImportRecord[]>('/lab/imports');
  const [running, setRunning] = useState<Running>();
  const [failure, setFailure] = useState<ApiError>();
  if (!books.data || books.data.length === 0) return null;

  const run = async (book: string): Promise<void> => {
    const stop = new AbortController();
    setFailure(undefined);
    setRunning({ book, stop });
    try {
      const result = (await apiStream(
        '/lab/recommend',
        { book },
        (step) => {
          const { text = '', done = 0, of = 0 } = step as Partial<LabStep>;
          setRunning({ book, stop, text, ...(of > 1 && { share: done / of }) });
        },
        stop.signal,
      )) as Recommendation;
      goTo(view.at(`/lab/${result.id}`));
    } catch (error) {
      if (!stop.signal.aborted) setFailure(error as ApiError);
    } finally {
      setRunning(undefined);
    }
  };

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
            {running?.book === each.book ? (
              <span className="lab-progress">
                <ProgressBar label={running.text ?? m.lab_running()} share={running.share} />
                <Button onClick={() => running.stop.abort()}>{m.lab_cancel()}</Button>
              </span>
            ) : (
              <Button disabled={running !== undefined} onClick={() => void run(each.book)}>
                {m.lab_run()}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {failure && <Failure error={failure} />}
    </Part>
  );
}

interface LabStep {
  readonly text: string;
  readonly done: number;
  readonly of: number;
}
