import { type ReactNode, useRef, useState } from 'react';
import type { Fix, Recommendation, Trial } from '../../../src/lab/lab.schema.ts';
import { type ApiError, asApiError } from '../../chat/api.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';
import { Button, Failure, ProgressBar } from '../../ui/parts.tsx';
import { apiStream } from '../../ui/stream.ts';
import { Part } from '../Page.tsx';
import { changeTitle } from './change-words.ts';
import type { Customers } from './customer-names.ts';
import { Effects } from './Effects.tsx';
import { Frontier } from './Frontier.tsx';
import { PriceChart } from './PriceChart.tsx';
import { Publish } from './Publish.tsx';
import { stepShare, timed } from './step-words.ts';
import type { LabStep } from './use-lab-run.ts';
import { WhoNotices } from './WhoNotices.tsx';

const EMPTY = { subscription: [], bill: [], margin: [], limited: [], leaves: [] };
const DOLLAR = 1_000_000_000;

/**
 * One fix as a scenario: today's curve and its own on one chart, its price as a handle, the frontier
 * beside it. While the handle moves the sample is counted; when it is let go the fix is replayed on
 * everybody at that price, with what people do about it.
 */
export function ScenarioView({
  result,
  fix,
  customers,
  isRunning,
  onReplay,
  children,
}: {
  readonly result: Recommendation;
  readonly fix: Fix;
  readonly customers: Customers;
  /** The lab replays a document already. */
  readonly isRunning: boolean;
  readonly onReplay: (document: string) => void;
  /** What stands between the chart and what the fix does. */
  readonly children: ReactNode;
}) {
  const { terms, curve } = result;
  const own = fix.terms ?? terms;
  const [asked, ask] = useState<number>(own.priceNanoUsd);
  const [trial, setTrial] = useState<{ readonly price: number; readonly data: Trial }>();
  const [isReplaying, setReplaying] = useState(false);
  const [step, setStep] = useState<LabStep>();
  const [failure, setFailure] = useState<ApiError>();
  const replaying = useRef<AbortController>(undefined);

  const replay = (priceNanoUsd: number): void => {
    replaying.current?.abort();
    setFailure(undefined);
    if (priceNanoUsd === trial?.price) return;
    const stop = new AbortController();
    replaying.current = stop;
    setReplaying(true);
    apiStream(
      `/lab/results/${result.id}/fixes/${fix.rank}/replay`,
      { price: String(priceNanoUsd / DOLLAR) },
      (next) => setStep(next as LabStep),
      stop.signal,
    )
      .then((data) => setTrial({ price: priceNanoUsd, data: data as Trial }))
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        setFailure(asApiError(error));
      })
      .finally(() => {
        if (replaying.current !== stop) return;
        setReplaying(false);
        setStep(undefined);
      });
  };

  const exact = trial && asked === trial.price ? trial.data : undefined;
  const isExact = asked === own.priceNanoUsd || exact !== undefined;
  const today = curve.sides[0] ?? EMPTY;
  const scenario = exact
    ? { weights: exact.curve.weights, side: exact.curve.sides[1] ?? EMPTY, priceNanoUsd: asked }
    : {
        weights: curve.weights,
        side: curve.sides[fix.rank] ?? EMPTY,
        priceNanoUsd: own.priceNanoUsd,
      };
  const shown = exact?.fix ?? fix;
  const isUnchanged = fix.changes.length === 0 && asked === terms.priceNanoUsd;
  const isFirst = fix.rank === 1 && asked === own.priceNanoUsd;
  const effects = exact ?? (isFirst ? result : undefined);
  const price = asked === own.priceNanoUsd ? undefined : asked;
  const changed = { ...own, priceNanoUsd: asked as typeof own.priceNanoUsd };
  return (
    <>
      <Part
        title={changeTitle(terms, changed)}
        note={m.lab_scenario_note({ rank: String(fix.rank) })}
      >
        <div className="lab-scenario">
          <div>
            <PriceChart
              scenario={{ ...scenario, today: exact?.curve.sides[0] ?? today }}
              todayNanoUsd={terms.priceNanoUsd}
              askedNanoUsd={asked}
              onAsk={ask}
              onRelease={(price) => price !== own.priceNanoUsd && replay(price)}
            />
          </div>
          <Frontier
            frontier={result.frontier}
            fixes={result.fixes}
            open={exact ? { ...exact.fix, rank: 0 } : fix}
            target={result.bounds.targetMargin}
          />
        </div>
        {isReplaying && (
          <div className="lab-progress">
            <ProgressBar
              label={timed(m.lab_replaying({ price: usd(asked) }), step)}
              share={stepShare(step)}
            />
            <Button onClick={() => replaying.current?.abort()}>{m.lab_cancel()}</Button>
          </div>
        )}
        {failure && <Failure error={failure} onAgain={() => replay(asked)} />}
        {isExact ? (
          <Figures
            fix={shown}
            behaviour={result.behaviour}
            interval={effects?.result.reaction ?? null}
          />
        ) : (
          !isReplaying && (
            <p className="soft">{m.lab_on_sample({ count: count(curve.weights.length) })}</p>
          )
        )}
        <Publish
          key={`${fix.rank} ${asked}`}
          result={result}
          fix={fix.rank}
          priceNanoUsd={price}
          isRunning={isRunning}
          onReplay={onReplay}
        />
      </Part>
      {children}
      {!isUnchanged && effects && (
        <>
          <Effects plan={effects.result} title={m.lab_effects()} />
          <WhoNotices people={effects.reactions} customers={customers} />
        </>
      )}
      {!isUnchanged && !effects && isExact && !isReplaying && (
        <Part title={m.lab_effects()}>
          <div className="lab-publish">
            <Button onClick={() => replay(asked)}>{m.lab_look_closer()}</Button>
          </div>
        </Part>
      )}
    </>
  );
}

/** What the change comes to on everybody, with what people do. */
function Figures({
  fix,
  behaviour,
  interval,
}: {
  readonly fix: Fix;
  readonly behaviour: Recommendation['behaviour'];
  readonly interval: Recommendation['result']['reaction'];
}) {
  return (
    <dl className="lab-figures">
      <div>
        <dt>{m.lab_margin_reacts()}</dt>
        <dd>
          {usd(fix.margin)}
          {fix.marginShare !== null && <span className="faint"> {percent(fix.marginShare)}</span>}
        </dd>
        {interval && (
          <dd className="lab-interval">
            {m.lab_interval({
              low: usd(interval.marginInterval.low),
              high: usd(interval.marginInterval.high),
            })}
          </dd>
        )}
        {interval && (
          <dd className="lab-interval">
            {m.lab_band({
              mild: String(behaviour.priceElasticityLow),
              strong: String(behaviour.priceElasticityHigh),
              atMild: usd(interval.marginAtLowElasticity),
              atStrong: usd(interval.marginAtHighElasticity),
            })}
          </dd>
        )}
      </div>
      <div>
        <dt>{m.lab_unmoved()}</dt>
        <dd>{usd(fix.mechanicalMargin)}</dd>
      </div>
      <div>
        <dt>{m.lab_harmed()}</dt>
        <dd>
          {count(fix.harmed)} <span className="faint">{percent(fix.harmedShare)}</span>
        </dd>
      </div>
      <div>
        <dt>{m.lab_leave()}</dt>
        <dd>{count(fix.leave + fix.move)}</dd>
      </div>
      <div>
        <dt>{m.lab_highest_bill()}</dt>
        <dd>{fix.billMultipleMax === null ? '–' : `×${fix.billMultipleMax.toFixed(2)}`}</dd>
      </div>
    </dl>
  );
}
