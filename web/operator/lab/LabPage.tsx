import './lab.css';
import { useEffect } from 'react';
import type { LabResult, LabResultHead, Recommendation } from '../../../src/lab/lab.schema.ts';
import type { PlansAnswer } from '../../../src/http/shapes/plans.ts';
import { m } from '../../paraglide/messages.js';
import { numberOf } from '../../ui/figures.ts';
import { Button, Empty, Failure, Loading } from '../../ui/parts.tsx';
import { goTo, usePlace } from '../../ui/place.ts';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { Page } from '../Page.tsx';
import { useView } from '../view.ts';
import type { Behaviour } from './assumption-list.ts';
import { BoundsForm } from './BoundsForm.tsx';
import { EarlierResults } from './EarlierResults.tsx';
import { isImported } from './imported.ts';
import { ImportedUse } from './ImportedUse.tsx';
import { ImportToAsk } from './ImportToAsk.tsx';
import { OwnScenario } from './OwnScenario.tsx';
import { PriceHandle } from './PriceHandle.tsx';
import { RecommendationView } from './RecommendationView.tsx';
import { ReplayView } from './ReplayView.tsx';
import { RunProgress } from './RunProgress.tsx';
import { Schedules } from './Schedules.tsx';
import { fixSentence, lossSentence, replaySentence } from './sentence.ts';
import { useLabRun } from './use-lab-run.ts';

const BOUNDS = { targetMargin: 0.1, harmMax: 0.1, billMax: 2 };

/** The price lab: what another price or limit would have done to the use that is recorded. */
export function LabPage({ result: chosen }: { readonly result: string }) {
  const view = useView();
  const plans = useRemote<PlansAnswer>(`/console/plans${queryOf(view.query)}`);
  const defaults = useRemote<Behaviour>('/lab/assumptions');
  const heads = useRemote<readonly LabResultHead[]>('/lab/results?limit=50');
  const stored = useRemote<LabResult>(chosen === '' ? undefined : `/lab/results/${chosen}`);
  const show = ({ id }: { readonly id: string }): void => goTo(view.at(`/lab/${id}`));
  const run = useLabRun('recommend', '/lab/recommend', show);
  const replay = useLabRun('replay', '/lab/replay', show);
  const replayed = stored.data?.kind === 'replay' ? stored.data : undefined;
  const found = stored.data?.kind === 'recommendation' ? stored.data : undefined;
  // Results of earlier versions have no curve: they are still to be read, on the command line.
  const isOld = found !== undefined && !('curve' in found);
  const result = isOld ? undefined : found;
  const paid = plans.data?.rows.filter(({ priceNanoUsd }) => numberOf(priceNanoUsd) > 0) ?? [];
  // The one that was asked about, or else the one that loses most.
  const { query } = usePlace();
  const worst =
    paid.find(({ plan }) => plan === query.get('plan')) ??
    paid.toSorted((a, b) => numberOf(a.marginNanoUsd.now) - numberOf(b.marginNanoUsd.now))[0];
  const isQuiet = paid.length > 0 && paid.every((plan) => plan.requests.now === 0);
  const earlier = heads.data?.filter(({ book }) => book === view.book || isImported(book));
  // However one came to it: the address says of which use it is, and the strip above the page too.
  const shown = result ?? replayed;
  const of = shown && isImported(shown.book) ? shown.book : undefined;
  /** Named by the address alone. */
  const named = chosen === '' ? view.imported : undefined;
  useEffect(() => {
    if (shown && of !== view.imported) goTo(view.at(`/lab/${shown.id}`, { of }), 'replace');
  });
  const replayDocument = (document: string): void => {
    scrollTo({ top: 0 });
    replay.start({ book: shown?.book ?? view.book, document });
  };
  // Progress stands at the top, also of a page that was asked at its end.
  const ask = (question: { readonly book: string }): void => {
    scrollTo({ top: 0 });
    run.start(question);
  };
  return (
    <Page
      title={m.lab_title()}
      hasPeriod={false}
      sentence={
        result
          ? m.lab_say({ loss: lossSentence(result), fix: fixSentence(result, result.fixes[0]) })
          : replayed
            ? replaySentence(replayed)
            : m.lab_sentence()
      }
    >
      {!plans.data || !defaults.data || (chosen !== '' && !stored.data && !stored.error) ? (
        plans.error ? (
          <Failure error={plans.error} onAgain={plans.reload} />
        ) : (
          <Loading rows={5} />
        )
      ) : named !== undefined ? (
        <ImportToAsk
          book={named}
          heads={heads.data ?? []}
          isRunning={run.isRunning}
          onAsk={(book) => ask({ book })}
        />
      ) : !shown && (!worst || isQuiet) ? (
        <Nothing />
      ) : (
        <BoundsForm
          key={result?.id ?? worst?.plan}
          plans={plansToAsk(paid, result)}
          first={
            result
              ? { plan: result.plan, ...result.bounds, behaviour: result.behaviour }
              : { plan: worst?.plan ?? '', ...BOUNDS, behaviour: defaults.data }
          }
          defaults={defaults.data}
          isRunning={run.isRunning}
          onRun={(question) => ask({ book: shown?.book ?? view.book, ...question })}
        />
      )}
      {run.isRunning && <RunProgress run={run} />}
      {replay.isRunning && <RunProgress run={replay} />}
      {run.failure && <Failure error={run.failure} />}
      {replay.failure && <Failure error={replay.failure} />}
      {isOld && <Empty>{m.lab_old_result()}</Empty>}
      {stored.error && <Failure error={stored.error} onAgain={stored.reload} />}
      {result && defaults.data && (
        <RecommendationView
          key={result.id}
          result={result}
          defaults={defaults.data}
          heads={heads.data ?? []}
          isRunning={replay.isRunning}
          onReplay={replayDocument}
        />
      )}
      {replayed && (
        <ReplayView result={replayed} isRunning={replay.isRunning} onReplay={replayDocument} />
      )}
      {!shown && named === undefined && worst && !isQuiet && (
        <>
          <PriceHandle plan={worst.plan} />
          <OwnScenario isRunning={replay.isRunning} onReplay={replayDocument} />
        </>
      )}
      <Schedules />
      <ImportedUse isRunning={run.isRunning} onAsk={(book) => ask({ book })} />
      <EarlierResults
        heads={earlier ?? []}
        open={chosen}
        nameOf={(name) => plans.data?.rows.find(({ plan }) => plan === name)?.displayName ?? name}
      />
    </Page>
  );
}

/** The paid plans of the page's book, and the one that the result is about, whichever book that is of. */
function plansToAsk(
  paid: readonly { readonly plan: string; readonly displayName: string }[],
  result: Recommendation | undefined,
): readonly { readonly plan: string; readonly displayName: string }[] {
  const plans = paid.map(({ plan, displayName }) => ({ plan, displayName }));
  if (!result || plans.some(({ plan }) => plan === result.plan)) return plans;
  return [{ plan: result.plan, displayName: result.terms.displayName }, ...plans];
}

/** Nobody has paid for anything here yet: the demo has much to say. */
function Nothing() {
  const view = useView();
  if (view.book === 'demo') return <Empty>{m.lab_empty()}</Empty>;
  return (
    <Empty
      action={<Button onClick={() => view.change({ book: 'demo' })}>{m.lab_ask_demo()}</Button>}
    >
      {m.lab_empty_live()}
    </Empty>
  );
}
