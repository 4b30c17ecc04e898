import type { DayFigures } from '../../src/http/shapes/overview.ts';
import { m } from '../paraglide/messages.js';
import { dayText, numberOf, usd, usdShort } from '../ui/figures.ts';
import { useWidth } from '../ui/use-width.ts';

const PLOT = 120;
const TOP = 18;
const BOTTOM = 24;
const LEFT = 58;

/** Margin day by day, above and below the waterline. */
export function DayBars({ days }: { readonly days: readonly DayFigures[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const margins = days.map((day) => numberOf(day.marginNanoUsd));
  const most = Math.max(0, ...margins);
  const least = Math.min(0, ...margins);
  const span = most - least || 1;
  const yOf = (value: number): number => TOP + ((most - value) / span) * PLOT;
  const each = Math.max(0, width - LEFT) / Math.max(1, days.length);
  const first = days[0];
  const last = days.at(-1);
  return (
    <figure className="bars-figure" ref={ref}>
      <figcaption>{m.op_margin_by_day()}</figcaption>
      {width > 0 && first && last && (
        <svg width={width} height={PLOT + TOP + BOTTOM} aria-hidden="true">
          <rect
            className="water"
            x={LEFT}
            y={yOf(0)}
            width={width - LEFT}
            height={PLOT + TOP - yOf(0) + 4}
          />
          {days.map((day, index) => {
            const value = margins[index] ?? 0;
            const size = Math.abs(yOf(value) - yOf(0));
            return (
              <rect
                key={day.day}
                className={value < 0 ? 'bar-under' : 'bar-over'}
                x={LEFT + index * each + each * 0.12}
                width={Math.max(1, Math.min(28, each * 0.76))}
                y={Math.min(yOf(value), yOf(0))}
                height={value === 0 ? 0 : Math.max(1, size)}
              >
                <title>{`${dayText(day.day)}: ${usd(day.marginNanoUsd)}`}</title>
              </rect>
            );
          })}
          <line className="waterline" x1={LEFT} x2={width} y1={yOf(0)} y2={yOf(0)} />
          {[most, 0, least].map(
            (tick, index) =>
              (index === 1 || Math.abs(yOf(tick) - yOf(0)) > 14) && (
                <text key={index} className="tick" x={LEFT - 8} y={yOf(tick) + 4} textAnchor="end">
                  {usdShort(tick)}
                </text>
              ),
          )}
          <text className="axis" x={LEFT} y={PLOT + TOP + 20}>
            {dayText(first.day)}
          </text>
          <text className="axis" x={width} y={PLOT + TOP + 20} textAnchor="end">
            {dayText(last.day)}
          </text>
        </svg>
      )}
      <div className="visually-hidden">
        <table>
          <caption>{m.op_margin_by_day()}</caption>
          <tbody>
            {days.map((day) => (
              <tr key={day.day}>
                <th scope="row">{dayText(day.day)}</th>
                <td>{usd(day.marginNanoUsd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
