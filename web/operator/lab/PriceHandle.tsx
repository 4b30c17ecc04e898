import { useState } from 'react';
import type { PlanDetail } from '../../../src/http/shapes/plans.ts';
import { m } from '../../paraglide/messages.js';
import { count, numberOf, percent, usd } from '../../ui/figures.ts';
import { queryOf, useRemote } from '../../ui/remote.ts';
import { useWidth } from '../../ui/use-width.ts';
import { layOutCurve } from '../curve-layout.ts';
import { Part } from '../Page.tsx';
import { useView } from '../view.ts';

const HEIGHT = 260;
const TOP = 20;
const LEFT = 64;
const STEPS = 60;
/** A bill that rises by more is one that people notice, as the lab counts it. */
const NOTICED = 1.01;

/**
 * The price as a handle: today's curve and that of another price on one chart, with those below the line
 * counted while it moves. Everybody pays it and uses as much as before: who would leave, the exact replay says.
 */
export function PriceHandle({ plan }: { readonly plan: string }) {
  const view = useView();
  const { data } = useRemote<PlanDetail>(
    `/console/plans/${encodeURIComponent(plan)}${queryOf(view.query)}`,
  );
  if (!data || data.curve.marginNanoUsd.length === 0) return null;
  return numberOf(data.line.priceNanoUsd) === 0 ? null : <Handle key={plan} data={data} />;
}

function Handle({ data }: { readonly data: PlanDetail }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [step, setStep] = useState<number>();
  const price = numberOf(data.line.priceNanoUsd);
  const most = price * 4;
  const asked = step === undefined ? price : Math.round((step / STEPS) * most);
  const { revenueNanoUsd, costNanoUsd, marginNanoUsd } = data.curve;
  const moved = revenueNanoUsd
    .map((revenue, index) => (revenue * asked) / price - (costNanoUsd[index] ?? 0))
    .sort((a, b) => a - b);
  const below = moved.findIndex((margin) => margin >= 0);
  const belowCount = below === -1 ? moved.length : below;
  const harmed =
    asked > price * NOTICED ? revenueNanoUsd.filter((revenue) => revenue > 0).length : 0;
  const total = moved.reduce((sum, margin) => sum + margin, 0);
  const least = Math.min(marginNanoUsd[0] ?? 0, moved[0] ?? 0);
  const greatest = Math.max(marginNanoUsd.at(-1) ?? 0, moved.at(-1) ?? 0);
  // One scale for both: its ends stand at the ends of either list.
  const room = { width, height: HEIGHT, top: TOP, left: LEFT };
  const scaled = (margins: readonly number[], count: number) =>
    layOutCurve(
      [
        Math.min(least, margins[0] ?? 0),
        ...margins.slice(1, -1),
        Math.max(greatest, margins.at(-1) ?? 0),
      ],
      count,
      room,
    );
  const today = scaled(marginNanoUsd, data.curve.belowCount);
  const other = scaled(moved, belowCount);
  return (
    <Part title={m.lab_handle({ plan: data.line.displayName })} note={m.lab_handle_note()}>
      <p className="curve-sentence" aria-live="polite">
        {m.lab_handle_sentence({
          price: usd(asked),
          below: count(belowCount),
          all: count(moved.length),
          share: percent(belowCount / moved.length),
          margin: usd(Math.round(total)),
        })}{' '}
        {harmed === 0
          ? m.lab_handle_unharmed()
          : m.lab_handle_harmed({
              harmed: count(harmed),
              all: count(moved.length),
              times: (asked / price).toFixed(2),
            })}
      </p>
      <figure className="curve-figure" ref={ref}>
        {width > 0 && (
          <svg width={width} height={HEIGHT + TOP + 16} aria-hidden="true">
            <rect
              className="water"
              x={LEFT}
              y={other.yOf(0)}
              width={width - LEFT}
              height={HEIGHT + TOP - other.yOf(0)}
            />
            <path className="area-under" d={other.below} />
            <path className="area-over" d={other.above} />
            <path className="curve curve-today" d={today.line} />
            <path className="curve" d={other.line} />
            <line className="waterline" x1={LEFT} x2={width} y1={other.yOf(0)} y2={other.yOf(0)} />
            {other.ticks.map((tick) => (
              <text
                key={tick}
                className="tick"
                x={LEFT - 8}
                y={other.yOf(tick) + 4}
                textAnchor="end"
              >
                {usd(tick).replace(/\.00$/, '')}
              </text>
            ))}
            <text className="axis" x={width} y={TOP - 6} textAnchor="end">
              {m.lab_today_dashed({ price: usd(price) })}
            </text>
          </svg>
        )}
      </figure>
      <label className="lab-slider">
        <span>{m.lab_price()}</span>
        <input
          type="range"
          min={0}
          max={STEPS}
          step={1}
          value={step ?? Math.round((price / most) * STEPS)}
          aria-valuetext={usd(asked)}
          onChange={(event) => setStep(Number(event.target.value))}
        />
        <output className="tabular">{usd(asked)}</output>
      </label>
    </Part>
  );
}
