import { useState } from 'react';
import type { MyUsage } from '../../src/http/shapes/me.ts';
import { m } from '../paraglide/messages.js';
import { count, dayText } from '../ui/figures.ts';
import { useWidth } from '../ui/use-width.ts';

const HEIGHT = 96;
const TOP = 16;
const BOTTOM = 22;
/** So that a first day is a day and not a wall. */
const DAY_WIDTH_MAX = 36;

/** Requests day by day. */
export function UseByDay({ days }: { readonly days: MyUsage['byDay'] }) {
  const [ref, width] = useWidth<HTMLElement>();
  const [at, setAt] = useState<number>();
  const most = Math.max(1, ...days.map(({ requests }) => requests));
  const step = Math.min(DAY_WIDTH_MAX, width / Math.max(1, days.length));
  const peak = days.findIndex(({ requests }) => requests === most);
  const shown = days[at ?? -1];
  const base = TOP + HEIGHT;
  return (
    <figure className="use-by-day" ref={ref}>
      {width > 0 && days.length > 0 && (
        <svg
          width={width}
          height={base + BOTTOM}
          role="img"
          aria-label={m.me_by_day()}
          onPointerLeave={() => setAt(undefined)}
        >
          {days.map(({ day, requests }, index) => (
            <g key={day} onPointerEnter={() => setAt(index)}>
              <rect className="hit" x={index * step} width={step} height={base} />
              <rect
                className="day-bar"
                x={index * step + Math.min(2, step / 6)}
                width={Math.max(1, step - Math.min(4, step / 3))}
                y={base - (requests / most) * HEIGHT}
                height={(requests / most) * HEIGHT}
              />
            </g>
          ))}
          <line className="base-line" x1={0} x2={width} y1={base} y2={base} />
          {peak >= 0 && most > 1 && (
            <text x={Math.min(width - 60, peak * step)} y={12}>
              {m.me_requests_n({ count: count(most) })}
            </text>
          )}
          <text x={0} y={base + 17}>
            {dayText(days[0]?.day ?? '')}
          </text>
          {days.length * step > 120 && (
            <text x={days.length * step} y={base + 17} textAnchor="end">
              {dayText(days.at(-1)?.day ?? '')}
            </text>
          )}
        </svg>
      )}
      <figcaption>
        {shown
          ? m.me_day_readout({
              day: dayText(shown.day),
              requests: count(shown.requests),
              tokens: count(shown.tokensIn + shown.tokensOut),
            })
          : m.me_by_day_caption()}
      </figcaption>
      <table className="visually-hidden">
        <caption>{m.me_by_day()}</caption>
        <tbody>
          {days.map(({ day, requests }) => (
            <tr key={day}>
              <th scope="row">{dayText(day)}</th>
              <td>{count(requests)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
