import { useState } from 'react';
import type { MyUsage } from '../../src/http/shapes/me.ts';
import { m } from '../paraglide/messages.js';
import { addDays, count, daysBetween, dayText, today } from '../ui/figures.ts';
import { useWidth } from '../ui/use-width.ts';

const HEIGHT = 96;
const TOP = 16;
const BOTTOM = 22;
/** Between two words below the axis. */
const LABEL_WIDTH = 64;

/**
 * Requests day by day, on the whole period: what has passed stands on the line, what is to come is its
 * broken end.
 * @param toDay the day after the period
 */
export function UseByDay({
  days,
  fromDay,
  toDay,
}: {
  readonly days: MyUsage['byDay'];
  readonly fromDay: string;
  readonly toDay: string;
}) {
  const [ref, width] = useWidth<HTMLElement>();
  const [at, setAt] = useState<string>();
  const all = Math.max(1, daysBetween(fromDay, toDay));
  const now = today();
  const passed = Math.min(all, Math.max(1, daysBetween(fromDay, now) + 1));
  const used = new Map(days.map((each) => [each.day, each]));
  const most = Math.max(1, ...days.map(({ requests }) => requests));
  const step = width / all;
  const base = TOP + HEIGHT;
  const bars = Array.from({ length: passed }, (_, index) => {
    const day = addDays(fromDay, index);
    return { day, index, requests: used.get(day)?.requests ?? 0 };
  });
  const peak = bars.find(({ requests }) => requests === most);
  const shown = at === undefined ? undefined : { day: at, ...used.get(at) };
  const nowAt = (passed - 0.5) * step;
  return (
    <figure className="use-by-day" ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={base + BOTTOM}
          role="img"
          aria-label={m.me_by_day()}
          onPointerLeave={() => setAt(undefined)}
        >
          {bars.map(({ day, index, requests }) => (
            <g key={day} onPointerEnter={() => setAt(day)}>
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
          <line className="base-line" x1={0} x2={passed * step} y1={base} y2={base} />
          <line className="days-to-come" x1={passed * step} x2={width} y1={base} y2={base} />
          {peak && (
            <text x={Math.max(0, Math.min(width - LABEL_WIDTH * 1.5, peak.index * step))} y={12}>
              {m.me_requests_n({ count: count(most) })}
            </text>
          )}
          <text x={0} y={base + 17}>
            {dayText(fromDay)}
          </text>
          {nowAt > LABEL_WIDTH && nowAt < width - LABEL_WIDTH * 1.3 && (
            <text x={nowAt} y={base + 17} textAnchor="middle">
              {m.chat_today()}
            </text>
          )}
          <text x={width} y={base + 17} textAnchor="end">
            {dayText(addDays(toDay, -1))}
          </text>
        </svg>
      )}
      <figcaption>
        {shown
          ? m.me_day_readout({
              day: dayText(shown.day),
              requests: count(shown.requests ?? 0),
              tokens: count((shown.tokensIn ?? 0) + (shown.tokensOut ?? 0)),
            })
          : m.me_by_day_caption()}
      </figcaption>
      <table className="visually-hidden">
        <caption>{m.me_by_day()}</caption>
        <tbody>
          {bars.map(({ day, requests }) => (
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
