import { m } from '../../paraglide/messages.js';
import type { LabStep } from './use-lab-run.ts';

/** How much of a step is done; `undefined` where that cannot be told. */
export const stepShare = (step: LabStep | undefined): number | undefined =>
  step?.of !== undefined && step.of > 1 ? (step.done ?? 0) / step.of : undefined;

/** A step's words with the time that it still takes, where that is known. */
export function timed(label: string, step: LabStep | undefined): string {
  const left = step?.secondsLeft;
  if (left === undefined) return label;
  if (left < 100) return m.lab_seconds_left({ label, seconds: String(left) });
  return m.lab_minutes_left({ label, minutes: String(Math.round(left / 60)) });
}

/** The steps of the engine, in the reader's language; of one that is not known it says that it runs. */
export function stepWords(step: LabStep | undefined): string {
  const text = step?.text ?? '';
  if (text.startsWith('Waiting')) return m.lab_step_wait();
  if (text.startsWith('Sealing')) return m.lab_step_seal();
  if (text.startsWith('Reading')) return m.lab_step_read();
  if (text.startsWith('Trying')) return m.lab_step_try();
  if (text.startsWith('Replaying the best')) return m.lab_step_best();
  return m.lab_running();
}
