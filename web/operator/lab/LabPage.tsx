import './lab.css';
import { useState } from 'react';
import type { Recommendation } from '../../../src/lab/lab.schema.ts';
import type { PlansAnswer } from '../../../src/http/shapes/plans.ts';
import type { ApiError } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { moment, numberOf } from '../../ui/figures.ts';
import { Button, Empty, Failure, Loading, ProgressBar } from '../../ui/parts.tsx';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { apiStream } from '../../ui/stream.ts';
import { Page, Part } from '../Page.tsx';
import { useView } from '../view.ts';
import { type Bounds, BoundsForm } from './BoundsForm.tsx';
import { ImportedUse } from './ImportedUse.tsx';
import { PriceHandle } from './PriceHandle.tsx';
import { RecommendationView } from './RecommendationView.tsx';

interface Head {
  readonly id: string;
  readonly kind: string;
  readonly book: string;
  readonly createdAtMs: number;
  readonly exact: boolean;
  readonly text: string;
}

interface Step {
  readonly text?: string;
  readonly phase?: string;
  readonly done?: number;
  readonly total?: number;
}

/** The price lab: what another price or limit would have done to the use that is recorded. */
export function LabPage({ result: chosen }: { readonly result: string }) {
  const view = useView();
  const plans = useRemote<PlansAnswer>(`/console/plans${queryOf(view.query)}`);
  const heads = useRemote<readonly Head[]>('/lab/results');
  const [isRunning, setRunning] = useState<AbortController>();
  const [step, setStep] = useState<Step>();
  const [failure, setFailure] = useState<ApiError>();
  const [fresh, setFresh] = useState<Recommendation>();
  const stored = useRemote<Recommendation>(chosen === '' ? undefined : `/lab/results/${chosen}`);
  const result = fresh ?? stored.data;
  const paid = plans.data?.rows.filter(({ priceNanoUsd }) => numberOf(priceNanoUsd) > 0) ?? [];
  const worst = paid.toSorted(
    (a, b) => numberOf(a.marginNanoUsd.now) - numberOf(b.marginNanoUsd.now),
  )[0];

  const run = async (bounds: Bounds): Promise<void> => {
    const stop = new AbortController();
    setRunning(stop);
    setFailure(undefined);
    setFresh(undefined);
    try {
      setFresh(
        (await apiStream(
          '/lab/recommend',
          { book: view.book, ...bounds },
          (next) => setStep(next as Step),
          stop.signal,
        )) as Recommendation,
      );
      heads.reload();
    } catch (error) {
      if (!stop.signal.aborted) setFailure(error as ApiError);
    } finally {
      setRunning(undefined);
      setStep(undefined);
    }
  };

  return (
    <Page
      title={m.lab_title()}
      hasPeriod={false}
      sentence={result ? result.explanation : m.lab_sentence()}
    >
      {!plans.data ? (
        plans.error ? (
          <Failure error={plans.error} onAgain={plans.reload} />
        ) : (
          <Loading rows={5} />
        )
      ) : paid.length === 0 || !worst ? (
        <Empty>{m.lab_empty()}</Empty>
      ) : (
        <BoundsForm
          key={worst.plan}
          plans={paid.map(({ plan, displayName }) => ({ plan, displayName }))}
          first={worst.plan}
          isRunning={isRunning !== undefined}
          onRun={(bounds) => void run(bounds)}
        />
      )}
      {isRunning && (
        <div className="lab-progress">
          <ProgressBar
            label={step?.text ?? m.lab_running()}
            share={step?.total ? (step.done ?? 0) / step.total : undefined}
          />
          <Button onClick={() => isRunning.abort()}>{m.lab_cancel()}</Button>
        </div>
      )}
      {failure && <Failure error={failure} />}
      {result?.kind === 'recommendation' && <RecommendationView result={result} />}
      {worst && <PriceHandle plan={result?.plan ?? worst.plan} />}
      <ImportedUse />
      {heads.data && heads.data.length > 0 && (
        <Part title={m.lab_results()}>
          <ul className="lab-results">
            {heads.data
              .filter(({ kind }) => kind === 'recommendation')
              .map((head) => (
                <li key={head.id}>
                  <a className="text-link" href={view.at(`/lab/${head.id}`)}>
                    {moment(head.createdAtMs)}
                  </a>{' '}
                  <span className="soft">{head.text}</span>
                </li>
              ))}
          </ul>
        </Part>
      )}
    </Page>
  );
}
