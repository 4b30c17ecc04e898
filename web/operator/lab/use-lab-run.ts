import { useCallback, useEffect, useRef, useState } from 'react';
import { api, ApiError, asApiError } from '../../chat/api.ts';
import { apiStream } from '../../ui/stream.ts';

/** Where a run of the lab has come to. */
export interface LabStep {
  readonly run?: number;
  readonly text?: string;
  readonly done?: number;
  readonly of?: number;
  readonly secondsLeft?: number;
}

interface RunHead {
  readonly run: number;
  readonly kind: string;
  readonly progress: LabStep | null;
}

export interface LabRun {
  readonly isRunning: boolean;
  readonly step: LabStep | undefined;
  readonly failure: ApiError | undefined;
  /** Asks; the run goes on when the page is left or loaded again. */
  readonly start: (question: { readonly book: string; readonly document?: string }) => void;
  readonly cancel: () => void;
}

/**
 * A long run of one kind. Where one goes on already, by whoever started it, the page finds it and goes
 * on showing it; leaving the page ends the listening and not the run.
 */
export function useLabRun(
  kind: string,
  path: string,
  onDone: (result: { readonly id: string }) => void,
): LabRun {
  const [isRunning, setRunning] = useState(false);
  const [step, setStep] = useState<LabStep>();
  const [failure, setFailure] = useState<ApiError>();
  const run = useRef<number>(undefined);
  const done = useRef(onDone);
  done.current = onDone;
  const listening = useRef<AbortController>(undefined);

  const listen = useCallback(async (at: string, body: object | undefined): Promise<void> => {
    const stop = new AbortController();
    listening.current?.abort();
    listening.current = stop;
    setRunning(true);
    setFailure(undefined);
    try {
      const hear = (next: unknown): void => {
        const heard = next as LabStep;
        run.current = heard.run;
        setStep(heard);
      };
      const result = await apiStream(at, body, hear, stop.signal);
      if (!stop.signal.aborted) done.current(result as { readonly id: string });
    } catch (error) {
      if (stop.signal.aborted) return;
      // Cancelled by a person: nothing went wrong.
      if (error instanceof ApiError && error.code === 'conflict') return;
      setFailure(asApiError(error));
    } finally {
      if (!stop.signal.aborted) {
        setRunning(false);
        setStep(undefined);
      }
    }
  }, []);

  useEffect(() => {
    let isGone = false;
    api<readonly RunHead[]>('GET', '/lab/runs')
      .then((runs) => {
        const found = runs.find((each) => each.kind === kind);
        if (!found || isGone) return;
        run.current = found.run;
        if (found.progress) setStep(found.progress);
        void listen(`/lab/runs/${found.run}`, undefined);
      })
      .catch(() => undefined);
    return () => {
      isGone = true;
      listening.current?.abort();
    };
  }, [kind, listen]);

  return {
    isRunning,
    step,
    failure,
    start(question) {
      void listen(path, { ...question, keep: true });
    },
    cancel: () => {
      if (run.current === undefined) return;
      api('DELETE', `/lab/runs/${run.current}`).catch(() => undefined);
    },
  };
}
