import { useState } from 'react';
import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import { api } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { Button } from '../../ui/parts.tsx';
import { queryOf, useRemote } from '../../ui/remote.ts';

import { isImported } from './imported.ts';
import { ScenarioDocument } from './ScenarioDocument.tsx';
import { ScheduleForm } from './ScheduleForm.tsx';
import { problemOf } from '../../ui/problem-words.ts';

const DOLLAR = 1_000_000_000;

interface FixDocument {
  readonly document: string | null;
  readonly changes: readonly string[];
}

/** What to do with a change: take it as a document, publish it now, or schedule it with notices. */
export function Publish({
  result,
  fix,
  priceNanoUsd,
  isRunning,
  onReplay,
}: {
  readonly result: Recommendation;
  readonly fix: number;
  /** In place of the fix's own. */
  readonly priceNanoUsd: number | undefined;
  /** The lab replays a document already. */
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
}) {
  const price = priceNanoUsd === undefined ? undefined : String(priceNanoUsd / DOLLAR);
  const found = useRemote<FixDocument>(
    `/lab/results/${result.id}/fixes/${fix}${queryOf({ price })}`,
  );
  const [doing, setDoing] = useState<'publish' | 'schedule'>();
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const document = found.data?.document;
  if (!document || found.data?.changes.length === 0) return null;
  const { displayName } = result.terms;
  const publish = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await api('POST', '/offer/apply', { document });
      say(m.lab_published({ plan: displayName }));
      setDoing(undefined);
    } catch (error) {
      setProblem(problemOf(error) ?? String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className="lab-publish">
        {doing === 'publish' ? (
          <>
            <span>{m.lab_confirm({ plan: displayName })}</span>
            <Button main busy={isBusy} onClick={() => void publish()}>
              {m.lab_publish_yes()}
            </Button>
            <Button onClick={() => setDoing(undefined)}>{m.lab_publish_no()}</Button>
          </>
        ) : (
          <>
            {!isImported(result.book) && (
              <>
                <Button main onClick={() => setDoing('schedule')} disabled={doing === 'schedule'}>
                  {m.lab_schedule()}
                </Button>
                <Button onClick={() => setDoing('publish')}>{m.lab_publish()}</Button>
              </>
            )}
            <a
              className="button"
              href={`data:text/yaml;charset=utf-8,${encodeURIComponent(document)}`}
              download={`breakeven-${result.plan}-${fix}.yaml`}
            >
              {m.lab_download()}
            </a>
          </>
        )}
      </div>
      {isImported(result.book) && <p className="soft">{m.lab_publish_imported()}</p>}
      {said && <p role="status">{said}</p>}
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      {doing === 'schedule' && (
        <ScheduleForm
          result={result}
          fix={fix}
          price={price}
          onDone={(words) => {
            setDoing(undefined);
            if (words) say(words);
          }}
        />
      )}
      <details>
        <summary>{m.lab_document_open()}</summary>
        <ScenarioDocument
          first={document}
          inForce={result.base}
          isRunning={isRunning}
          onReplay={onReplay}
        />
      </details>
    </>
  );
}
