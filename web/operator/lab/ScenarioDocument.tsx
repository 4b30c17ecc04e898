import { useDeferredValue, useState } from 'react';
import { m } from '../../paraglide/messages.js';
import { Button, Field } from '../../ui/parts.tsx';
import { changedLines } from './document-lines.ts';

/** A breakeven.yaml to change and to replay: what is other in it than in the one in force, and all of it. */
export function ScenarioDocument({
  first,
  inForce,
  isRunning,
  onReplay,
}: {
  /** What stands in it at first. */
  readonly first: string;
  readonly inForce: string | null;
  /** The lab replays something already. */
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
}) {
  const [text, write] = useState(first);
  const compared = useDeferredValue(text);
  const lines = inForce === null ? [] : changedLines(inForce, compared);
  return (
    <>
      {lines.length > 0 && (
        <pre
          className="lab-document lab-changes"
          tabIndex={0}
          aria-label={m.lab_document_changes()}
        >
          {lines.map((line, index) =>
            line === undefined ? (
              <span key={index} className="faint">
                {' ⋯\n'}
              </span>
            ) : line.kind === 'same' ? (
              <span key={index}>{`  ${line.text}\n`}</span>
            ) : line.kind === 'new' ? (
              <ins key={index}>{`+ ${line.text}\n`}</ins>
            ) : (
              <del key={index}>{`− ${line.text}\n`}</del>
            ),
          )}
        </pre>
      )}
      <Field label={m.lab_document()} hint={m.lab_document_hint()}>
        {(ids) => (
          <textarea
            {...ids}
            className="lab-document"
            rows={18}
            spellCheck={false}
            value={text}
            onChange={(event) => write(event.target.value)}
          />
        )}
      </Field>
      <div className="lab-publish">
        <Button disabled={isRunning || text.trim() === ''} onClick={() => onReplay(text)}>
          {m.lab_document_replay()}
        </Button>
      </div>
    </>
  );
}
