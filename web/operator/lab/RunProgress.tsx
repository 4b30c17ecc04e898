import { m } from '../../paraglide/messages.js';
import { Button, ProgressBar } from '../../ui/parts.tsx';
import { stepShare, stepWords, timed } from './step-words.ts';
import type { LabRun } from './use-lab-run.ts';

/** Where a run has come to, how long it still takes, and a way to end it. */
export function RunProgress({ run: { step, cancel } }: { readonly run: LabRun }) {
  return (
    <div className="lab-progress">
      <ProgressBar label={timed(stepWords(step), step)} share={stepShare(step)} />
      <Button onClick={cancel}>{m.lab_cancel()}</Button>
    </div>
  );
}
