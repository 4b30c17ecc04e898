import { useState } from 'react';
import { m } from '../paraglide/messages.js';
import { count } from '../ui/figures.ts';
import { Button, ProgressBar } from '../ui/parts.tsx';
import { forgetAnswers } from '../ui/remote.ts';
import { apiStream } from '../ui/stream.ts';
import { FormProblem } from './PersonForm.tsx';

interface DemoStep {
  readonly day: number;
  readonly days: number;
  readonly requests: number;
  readonly secondsLeft: number;
}

/** Fills the demo book and says how far it has come. */
export function DemoLoader({ onDone }: { readonly onDone: () => void }) {
  const [step, setStep] = useState<DemoStep>();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const load = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await apiStream('/demo', {}, (told) => setStep(told as DemoStep));
      forgetAnswers();
      onDone();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (isBusy)
    return (
      <ProgressBar
        share={step ? step.day / step.days : undefined}
        label={
          step
            ? m.entry_demo_progress({
                day: step.day,
                days: step.days,
                requests: count(step.requests),
                seconds: count(Math.ceil(step.secondsLeft)),
              })
            : m.entry_demo_starts()
        }
      />
    );
  return (
    <>
      <FormProblem error={error} />
      <Button main onClick={() => void load()}>
        {m.entry_demo_load()}
      </Button>
    </>
  );
}
