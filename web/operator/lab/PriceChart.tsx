import { m } from '../../paraglide/messages.js';
import { count, percent, usd, usdInText } from '../../ui/figures.ts';
import { useWidth } from '../../ui/use-width.ts';
import { layOutCurve } from '../curve-layout.ts';
import { figuresAt, type LiveFigures, type Scenario } from './curve-figures.ts';

const HEIGHT = 260;
const TOP = 24;
const LEFT = 64;
const STEPS = 80;
/** Up to so many times the dearer of the two prices. */
const DEAREST = 4;
const DOLLAR = 1_000_000_000;

/**
 * Today's curve and the scenario's on one chart, with the price as a handle: the waterline, who is
 * below it and who would notice move with it. What moves is counted on the sample; `onRelease` asks for
 * the exact answer.
 */
export function PriceChart({
  scenario,
  todayNanoUsd,
  askedNanoUsd,
  onAsk,
  onRelease,
}: {
  readonly scenario: Scenario;
  /** Today's price. */
  readonly todayNanoUsd: number;
  readonly askedNanoUsd: number;
  readonly onAsk: (priceNanoUsd: number) => void;
  readonly onRelease?: (priceNanoUsd: number) => void;
}) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const now = figuresAt(scenario, askedNanoUsd);
  const before = figuresAt(
    { ...scenario, side: scenario.today, priceNanoUsd: todayNanoUsd },
    todayNanoUsd,
  );
  const least = Math.min(0, now.margins[0] ?? 0, before.margins[0] ?? 0);
  const most = Math.max(0, now.margins.at(-1) ?? 0, before.margins.at(-1) ?? 0);
  const room = { width, height: HEIGHT, top: TOP, left: LEFT, least, most };
  const today = layOutCurve(before.margins, belowOf(before.margins), room);
  const other = layOutCurve(now.margins, belowOf(now.margins), room);
  const dearest = Math.max(todayNanoUsd, scenario.priceNanoUsd, DOLLAR) * DEAREST;
  const step = Math.max(DOLLAR, Math.round(dearest / STEPS / DOLLAR) * DOLLAR);
  const zero = other.yOf(0);
  return (
    <>
      <p className="curve-sentence" aria-live="polite">
        {m.lab_handle_sentence({
          price: usdInText(askedNanoUsd),
          below: count(now.below),
          all: count(now.subscribers),
          share: percent(now.below / Math.max(1, now.subscribers)),
          margin: usdInText(now.margin),
        })}
        {m.ui_gap()}
        {now.harmed === 0
          ? m.lab_handle_unharmed()
          : askedNanoUsd <= todayNanoUsd
            ? noticedWords(now)
            : m.lab_handle_harmed({
                harmed: count(now.harmed),
                all: count(now.subscribers),
                times: (askedNanoUsd / todayNanoUsd).toFixed(2),
              })}
      </p>
      <figure className="curve-figure lab-curve" ref={ref}>
        {width > 0 && (
          <svg width={width} height={HEIGHT + TOP + 24} aria-hidden="true">
            <rect
              className="water"
              x={LEFT}
              y={zero}
              width={width - LEFT}
              height={HEIGHT + TOP - zero}
            />
            <path className="area-under" d={other.below} />
            <path className="area-over" d={other.above} />
            <path className="curve curve-today" d={today.line} />
            <path className="curve" d={other.line} />
            <line className="waterline" x1={LEFT} x2={width} y1={zero} y2={zero} />
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
            <text className="axis" x={width} y={TOP - 8} textAnchor="end">
              {m.lab_today_dashed({ price: usd(todayNanoUsd) })}
            </text>
            <text className="axis" x={LEFT} y={HEIGHT + TOP + 18}>
              {m.lab_axis_worst()}
            </text>
            <text className="axis" x={width} y={HEIGHT + TOP + 18} textAnchor="end">
              {m.lab_axis_best()}
            </text>
          </svg>
        )}
      </figure>
      <label className="lab-slider">
        <span>{m.lab_price()}</span>
        <input
          type="range"
          min={0}
          max={dearest}
          step={step}
          value={askedNanoUsd}
          aria-valuetext={usd(askedNanoUsd)}
          onChange={(event) => onAsk(Number(event.target.value))}
          onPointerUp={(event) => onRelease?.(Number(event.currentTarget.value))}
          onKeyUp={(event) => onRelease?.(Number(event.currentTarget.value))}
        />
        <output className="tabular">{usd(askedNanoUsd)}</output>
      </label>
    </>
  );
}

/** At today's price or a lower one: limits, and overage that some pay. */
function noticedWords({ harmed, subscribers, dearer }: LiveFigures): string {
  const who = { harmed: count(harmed), all: count(subscribers) };
  return dearer === 0
    ? m.lab_handle_limited(who)
    : m.lab_handle_dearer({ ...who, dearer: count(dearer) });
}

function belowOf(sorted: readonly number[]): number {
  const first = sorted.findIndex((margin) => margin >= 0);
  return first === -1 ? sorted.length : first;
}
