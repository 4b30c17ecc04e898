import { m } from '../../paraglide/messages.js';
import { Button, ProgressBar } from '../../ui/parts.tsx';
import type { LabRun, LabStep } from './use-lab-run.ts';

/** Where a run has come to, and a way to end it. */
export function RunProgress({ run }: { readonly run: LabRun }) {
  const { step } = run;
  return (
    <div className="lab-progress">
      <ProgressBar
        label={stepWords(step)}
        share={step?.of ? (step.done ?? 0) / step.of : undefined}
      />
      <Button onClick={run.cancel}>{m.lab_cancel()}</Button>
    </div>
  );
}

/** The steps of the engine, in the reader's language; what is not known stands as it came. */
function stepWords(step: LabStep | undefined): string {
  const text = step?.text ?? '';
  if (text.startsWith('Sealing')) return m.lab_step_seal();
  if (text.startsWith('Reading')) return m.lab_step_read();
  if (text.startsWith('Trying'))
    return m.lab_step_try({ done: String(step?.done ?? 0), of: String(step?.of ?? 0) });
  if (text.startsWith('Replaying the best')) return m.lab_step_best();
  return m.lab_running();
}
