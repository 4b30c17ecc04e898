import { useEffect, useState } from 'react';
import type { ScheduleAnswer, ScheduleRow } from '../../../src/http/shapes/notices.ts';
import { api } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { count, moment } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { Button, Failure, Loading } from '../../ui/parts.tsx';
import { useRemote } from '../../ui/remote.ts';

import { Part } from '../Page.tsx';
import { changeTitle } from './change-words.ts';
import { useView } from '../view.ts';
import { NoticePreview } from './NoticePreview.tsx';
import { problemOf } from '../../ui/problem-words.ts';

const CHANGED = 'breakeven:schedules';

/** Tells the list that something was scheduled. */
export const announceSchedules = (): void => void dispatchEvent(new Event(CHANGED));

/** Changes of plans that wait for their time, and what became of earlier ones. */
export function Schedules() {
  const { data, reload } = useRemote<{ readonly rows: readonly ScheduleRow[] }>('/lab/schedules');
  useEffect(() => {
    addEventListener(CHANGED, reload);
    return () => removeEventListener(CHANGED, reload);
  }, [reload]);
  if (!data || data.rows.length === 0) return null;
  return (
    <Part title={m.lab_schedules()}>
      <ul className="lab-schedules">
        {data.rows.map((row) => (
          <Schedule key={row.id} row={row} onChanged={reload} />
        ))}
      </ul>
    </Part>
  );
}

function Schedule({
  row,
  onChanged,
}: {
  readonly row: ScheduleRow;
  readonly onChanged: () => void;
}) {
  const view = useView();
  const [isOpen, setOpen] = useState(false);
  const [isAsking, ask] = useState(false);
  const [problem, setProblem] = useState<string>();
  const takeBack = (): void => {
    api('DELETE', `/lab/schedules/${row.id ?? ''}`)
      .then(onChanged)
      .catch((error: unknown) => setProblem(problemOf(error) ?? String(error)));
  };
  const isWaiting = row.state === 'waiting';
  return (
    <li>
      <div className="lab-schedule-line">
        <span className={isWaiting ? 'badge' : 'badge badge-open'}>{stateWords(row)}</span>
        <strong>{row.displayName}</strong>
        {row.book !== view.book && <span className="faint">{bookWords(row.book)}</span>}
        <span>{moment(row.effectiveAtMs)}</span>
        <span className="soft">{movedWords(row)}</span>
      </div>
      <p className="soft">
        {changeTitle(row.termsBefore, row.terms)}{' '}
        <Link className="text-link" to={view.at(`/lab/${row.result}`, { fix: String(row.fix) })}>
          {m.lab_schedule_from()}
        </Link>
      </p>
      {row.reason && <p className="field-error">{row.reason}</p>}
      <div className="lab-publish">
        {row.subscribers > 0 && (
          <Button onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
            {m.lab_schedule_notices()}
          </Button>
        )}
        {isWaiting &&
          (isAsking ? (
            <>
              <span>{m.lab_schedule_back_ask()}</span>
              <Button main onClick={takeBack}>
                {m.lab_schedule_back()}
              </Button>
              <Button onClick={() => ask(false)}>{m.lab_publish_no()}</Button>
            </>
          ) : (
            <Button onClick={() => ask(true)}>{m.lab_schedule_back()}</Button>
          ))}
      </div>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {isOpen && <Notices id={row.id ?? ''} />}
    </li>
  );
}

function Notices({ id }: { readonly id: string }) {
  const { data, error, reload } = useRemote<ScheduleAnswer>(`/lab/schedules/${id}`);
  if (error) return <Failure error={error} onAgain={reload} />;
  return data ? <NoticePreview answer={data} /> : <Loading rows={3} />;
}

const bookWords = (book: string): string =>
  (book === 'demo' ? m.op_book_demo : book === 'test' ? m.op_book_test : m.op_book_live)();

function stateWords({ state }: ScheduleRow): string {
  const words = {
    waiting: m.lab_state_waiting,
    published: m.lab_state_published,
    cancelled: m.lab_state_cancelled,
    stopped: m.lab_state_stopped,
  };
  return words[state]();
}

function movedWords({ state, subscribers, moved, left, moves }: ScheduleRow): string {
  if (moves === 'new') return m.lab_moves_new_note();
  if (state === 'published')
    return m.lab_moved({ moved: count(moved), all: count(subscribers), left: count(left) });
  return state === 'waiting' ? m.lab_told({ count: count(subscribers) }) : '';
}
