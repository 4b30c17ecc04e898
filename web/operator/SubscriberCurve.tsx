import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import type { PlanDetail, SubscribersPage } from '../../src/http/shapes/plans.ts';
import { api } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { count, percent, usd, usdShort } from '../ui/figures.ts';
import { goTo } from '../ui/place.ts';
import { queryOf } from '../ui/remote.ts';
import { useWidth } from '../ui/use-width.ts';
import { layOutCurve } from './curve-layout.ts';
import { useView } from './view.ts';

const ROWS_A_PAGE = 1_000;
const NARROW = 640;
const TOP = 34;
const BOTTOM = 42;

/** All subscribers of a plan by margin, crossing the waterline. Any of them opens. */
export function SubscriberCurve({ detail }: { readonly detail: PlanDetail }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number>();
  const [isOpening, setOpening] = useState(false);
  const view = useView();
  const { marginNanoUsd: margins, revenueNanoUsd, costNanoUsd, belowCount } = detail.curve;
  const isNarrow = width < NARROW;
  const height = isNarrow ? 230 : 320;
  const left = isNarrow ? 56 : 64;
  const layout = layOutCurve(margins, belowCount, { width, height, top: TOP, left });
  const zero = layout.yOf(0);
  const { waterline } = detail.line;
  const open = async (index: number): Promise<void> => {
    setOpening(true);
    try {
      const id = await subscriberAt(index, detail.line.plan, view.query);
      if (id !== undefined) goTo(view.at(`/customers/${id}`));
    } finally {
      setOpening(false);
    }
  };
  const move = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(layout.indexAt(event.clientX - box.left));
  };
  const step = (event: KeyboardEvent): void => {
    const far = Math.max(1, Math.round(margins.length / 20));
    const by = { ArrowRight: 1, ArrowLeft: -1, PageUp: far, PageDown: -far }[event.key];
    if (event.key === 'Enter' && at !== undefined) void open(at);
    else if (event.key === 'Home') setAt(0);
    else if (event.key === 'End') setAt(margins.length - 1);
    else if (by !== undefined)
      setAt(Math.min(margins.length - 1, Math.max(0, (at ?? belowCount) + by)));
    else return;
    event.preventDefault();
  };
  const shown = at ?? 0;
  const readout =
    at === undefined
      ? undefined
      : m.op_curve_readout({
          place: count(at + 1),
          margin: usd(margins[at] ?? 0),
          revenue: usd(revenueNanoUsd[at] ?? 0),
          cost: usd(costNanoUsd[at] ?? 0),
        });
  const crossing =
    belowCount === 0
      ? m.op_curve_all_float()
      : m.op_curve_crossing({
          share: percent(waterline.belowShare),
          loss: percent(waterline.lossShareOfAll),
        });
  // The words stand where the room is: right of the crossing, or left of it near the right end.
  const isRight = layout.crossingX < width * 0.6;
  return (
    <figure className="curve-figure" ref={ref}>
      <p className="curve-sentence">{crossing}</p>
      {width > 0 && margins.length > 0 && (
        <svg
          width={width}
          height={height + TOP + BOTTOM}
          role="slider"
          tabIndex={0}
          aria-label={m.op_curve_alt({ sentence: crossing })}
          aria-valuemin={1}
          aria-valuemax={margins.length}
          aria-valuenow={shown + 1}
          aria-valuetext={readout ?? crossing}
          aria-busy={isOpening}
          onPointerMove={move}
          onPointerLeave={() => setAt(undefined)}
          onKeyDown={step}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            void open(layout.indexAt(event.clientX - box.left));
          }}
        >
          <rect
            className="water"
            x={left}
            y={zero}
            width={width - left}
            height={height + TOP - zero + 8}
          />
          {layout.ticks.map((tick) => (
            <g key={tick}>
              {tick !== 0 && (
                <line
                  className="grid"
                  x1={left}
                  x2={width}
                  y1={layout.yOf(tick)}
                  y2={layout.yOf(tick)}
                />
              )}
              <text className="tick" x={left - 8} y={layout.yOf(tick) + 4} textAnchor="end">
                {usdShort(tick)}
              </text>
            </g>
          ))}
          <path className="area-under" d={layout.below} />
          <path className="area-over" d={layout.above} />
          <path className="curve" d={layout.line} />
          <line className="waterline" x1={left} x2={width} y1={zero} y2={zero} />
          <g className="crossing">
            <line x1={layout.crossingX} x2={layout.crossingX} y1={TOP - 14} y2={zero} />
            <circle cx={layout.crossingX} cy={zero} r={4} />
            <text
              x={layout.crossingX + (isRight ? 8 : -8)}
              y={TOP - 6}
              textAnchor={isRight ? 'start' : 'end'}
            >
              {m.op_curve_label({ share: percent(waterline.belowShare) })}
            </text>
          </g>
          {at !== undefined && (
            <g className="cursor">
              <line
                x1={layout.xOf(at + 0.5)}
                x2={layout.xOf(at + 0.5)}
                y1={TOP}
                y2={height + TOP}
              />
              <circle cx={layout.xOf(at + 0.5)} cy={layout.yOf(margins[at] ?? 0)} r={4} />
            </g>
          )}
          <text className="axis" x={left} y={height + TOP + 30}>
            {m.op_curve_worst()}
          </text>
          <text className="axis" x={width} y={height + TOP + 30} textAnchor="end">
            {m.op_curve_best({ count: count(margins.length) })}
          </text>
        </svg>
      )}
      <figcaption aria-live="off">{readout ?? m.op_curve_caption()}</figcaption>
    </figure>
  );
}

/** The customer at a place of the curve. The table behind it is read in pages until it is there. */
async function subscriberAt(
  index: number,
  plan: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  let after: string | null | undefined;
  for (let first = 0; ; first += ROWS_A_PAGE) {
    const page: SubscribersPage = await api(
      'GET',
      `/console/plans/${encodeURIComponent(plan)}/subscribers${queryOf({ ...query, sort: 'margin', limit: ROWS_A_PAGE, after })}`,
    );
    if (index < first + page.rows.length) return page.rows[index - first]?.customerId;
    if (page.next === null) return undefined;
    after = page.next;
  }
}
