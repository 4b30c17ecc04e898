import { m } from '../../paraglide/messages.js';
import { useRemote } from '../../ui/remote.ts';
import { Part } from '../Page.tsx';
import { ScenarioDocument } from './ScenarioDocument.tsx';

/** A change of one's own: the document in force, to be edited and replayed. */
export function OwnScenario({
  isRunning,
  onReplay,
}: {
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
}) {
  const { data } = useRemote<{ readonly document: string | null }>('/offer');
  if (!data || data.document === null) return null;
  return (
    <Part title={m.lab_own()} note={m.lab_own_note()}>
      <details>
        <summary>{m.lab_own_open()}</summary>
        <ScenarioDocument
          first={data.document}
          inForce={data.document}
          isRunning={isRunning}
          onReplay={onReplay}
        />
      </details>
    </Part>
  );
}
