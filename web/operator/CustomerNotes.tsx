import { useState } from 'react';
import type { NotesPage } from '../../src/http/shapes/customers.ts';
import { api } from '../chat/api.ts';
import { FormProblem } from '../entry/PersonForm.tsx';
import { m } from '../paraglide/messages.js';
import { moment } from '../ui/figures.ts';
import { Button, Failure, Field, Loading } from '../ui/parts.tsx';
import { queryOf, useRemote } from '../ui/remote.ts';
import { problemAt } from '../ui/problem-words.ts';
import { actorText } from './server-words.ts';
import { useView } from './view.ts';

/** What operators wrote down; nothing is removed. */
export function CustomerNotes({ id }: { readonly id: string }) {
  const view = useView();
  const path = `/console/customers/${encodeURIComponent(id)}/notes`;
  const notes = useRemote<NotesPage>(`${path}${queryOf({ book: view.book })}`);
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const add = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await api('POST', path, { book: view.book, text });
      setText('');
      notes.reload();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form
        className="form form-narrow"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Field label={m.op_note_new()} error={problemAt(error, 'text')}>
          {(ids) => (
            <textarea
              {...ids}
              className="input"
              rows={3}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <FormProblem error={error} fields={['text']} />
        <div className="form-actions">
          <Button main type="submit" busy={isBusy} disabled={text.trim() === ''}>
            {m.op_note_add()}
          </Button>
        </div>
      </form>
      {notes.error && !notes.data ? (
        <Failure error={notes.error} onAgain={notes.reload} />
      ) : !notes.data ? (
        <Loading rows={3} />
      ) : notes.data.rows.length === 0 ? (
        <p className="soft">{m.op_no_notes()}</p>
      ) : (
        <ol className="notes">
          {notes.data.rows.map((note) => (
            <li key={note.id}>
              <p>{note.text}</p>
              <p className="faint">{`${actorText(note.author)} · ${moment(note.atMs)}`}</p>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
