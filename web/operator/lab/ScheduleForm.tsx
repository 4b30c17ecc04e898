import { useEffect, useRef, useState } from 'react';
import type { ScheduleAnswer } from '../../../src/http/shapes/notices.ts';
import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { addDays, moment, today } from '../../ui/figures.ts';
import { Button, Field, ProgressBar, Segments, TextField } from '../../ui/parts.tsx';
import { forgetAnswers } from '../../ui/remote.ts';

import { apiStream } from '../../ui/stream.ts';
import { NoticePreview } from './NoticePreview.tsx';
import { announceSchedules } from './Schedules.tsx';
import { problemOf } from '../../ui/problem-words.ts';

type Moves = ScheduleAnswer['schedule']['moves'];
const NOTICE_DAYS = 14;

/**
 * When a change is published, who comes to it, and what each is told: seen as a named customer will
 * read it before anything is written.
 */
export function ScheduleForm({
  result,
  fix,
  price,
  onDone,
}: {
  readonly result: Recommendation;
  readonly fix: number;
  /** Dollars, in place of the fix's own. */
  readonly price: string | undefined;
  readonly onDone: (said?: string) => void;
}) {
  const [day, setDay] = useState(() => addDays(today(), NOTICE_DAYS + 1));
  const [moves, setMoves] = useState<Moves>('renewal');
  const [noticeDays, setNoticeDays] = useState(String(NOTICE_DAYS));
  const [seen, see] = useState<ScheduleAnswer>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const leaving = useRef<AbortController>(undefined);
  useEffect(() => () => leaving.current?.abort(), []);

  const send = async (dryRun: boolean): Promise<void> => {
    const stop = new AbortController();
    leaving.current = stop;
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = (await apiStream(
        `/lab/results/${result.id}/fixes/${fix}/schedule${dryRun ? '/dry-run' : ''}`,
        {
          ...(price !== undefined && { price }),
          at: `${day}T00:00:00Z`,
          moves,
          noticeDays: Number(noticeDays),
        },
        () => undefined,
        stop.signal,
      )) as ScheduleAnswer;
      if (dryRun) return see(answer);
      forgetAnswers();
      announceSchedules();
      onDone(m.lab_scheduled({ at: moment(answer.schedule.effectiveAtMs) }));
    } catch (error) {
      if (!stop.signal.aborted) setProblem(problemOf(error) ?? String(error));
    } finally {
      setBusy(false);
    }
  };
  const changeTo = (change: () => void) => (): void => {
    see(undefined);
    change();
  };
  const isSound = /^\d{4}-\d{2}-\d{2}$/.test(day) && /^\d{1,3}$/.test(noticeDays);
  return (
    <form
      className="lab-schedule"
      onSubmit={(event) => {
        event.preventDefault();
        void send(true);
      }}
    >
      <div className="lab-schedule-fields">
        <Field label={m.lab_schedule_at()} hint={m.lab_schedule_utc()}>
          {(ids) => (
            <input
              {...ids}
              className="input"
              type="date"
              value={day}
              min={today()}
              onChange={(event) => {
                const { value } = event.target;
                changeTo(() => setDay(value))();
              }}
            />
          )}
        </Field>
        <div className="field">
          <span>{m.lab_schedule_moves()}</span>
          <Segments<Moves>
            label={m.lab_schedule_moves()}
            value={moves}
            options={[
              { value: 'renewal', label: m.lab_moves_renewal() },
              { value: 'at_once', label: m.lab_moves_at_once() },
              { value: 'new', label: m.lab_moves_new() },
            ]}
            onChange={(value) => changeTo(() => setMoves(value))()}
          />
          <p className="field-hint">{movesNote(moves)}</p>
        </div>
        {moves !== 'new' && (
          <TextField
            label={m.lab_notice_days()}
            value={noticeDays}
            onChange={(value) => changeTo(() => setNoticeDays(value))()}
            inputMode="numeric"
          />
        )}
      </div>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {isBusy && <ProgressBar label={m.lab_schedule_replaying()} share={undefined} />}
      {seen && <NoticePreview answer={seen} />}
      <div className="lab-publish">
        {seen ? (
          <Button main busy={isBusy} onClick={() => void send(false)}>
            {seen.schedule.subscribers > 0
              ? m.lab_schedule_tell({ count: String(seen.schedule.subscribers) })
              : m.lab_schedule_do()}
          </Button>
        ) : (
          <Button type="submit" main busy={isBusy} disabled={!isSound}>
            {m.lab_schedule_see()}
          </Button>
        )}
        <Button onClick={() => onDone()}>{m.lab_publish_no()}</Button>
      </div>
    </form>
  );
}

function movesNote(moves: Moves): string {
  if (moves === 'new') return m.lab_moves_new_note();
  return moves === 'renewal' ? m.lab_moves_renewal_note() : m.lab_moves_at_once_note();
}
