import type { Fix } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { numberOf, percent, usdShort } from '../../ui/figures.ts';
import { useWidth } from '../../ui/use-width.ts';

const HEIGHT = 220;
const TOP = 20;
const LEFT = 58;
const BOTTOM = 40;

/** Margin against people harmed: what no other change beats in both, and where the line is. */
export function Frontier({
  frontier,
  fixes,
  open,
  target,
}: {
  readonly frontier: readonly Fix[];
  readonly fixes: readonly Fix[];
  /** The one that is looked at. */
  readonly open: Fix;
  readonly target: number;
}) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const points = [...frontier].sort((a, b) => a.harmedShare - b.harmedShare);
  const all = [...points, ...fixes, open];
  if (all.length === 0) return null;
  const margins = all.map((fix) => numberOf(fix.margin));
  const most = Math.max(0, ...margins);
  const least = Math.min(0, ...margins);
  const span = most - least || 1;
  const harmMost = Math.max(0.05, ...all.map((fix) => fix.harmedShare));
  const xOf = (fix: Fix): number =>
    LEFT + (fix.harmedShare / harmMost) * Math.max(1, width - LEFT - 12);
  const yOf = (margin: number): number => TOP + ((most - margin) / span) * (HEIGHT - TOP - BOTTOM);
  const path = points.map((fix) => `${xOf(fix)},${yOf(numberOf(fix.margin))}`).join('L');
  return (
    <figure className="lab-frontier" ref={ref}>
      <figcaption>{m.lab_frontier({ target: percent(target) })}</figcaption>
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden="true">
          <rect
            className="water"
            x={LEFT}
            y={yOf(0)}
            width={width - LEFT}
            height={HEIGHT - BOTTOM - yOf(0)}
          />
          <path className="curve" d={`M${path}`} />
          <line className="waterline" x1={LEFT} x2={width} y1={yOf(0)} y2={yOf(0)} />
          {fixes.map((fix) => (
            <g key={fix.rank}>
              <circle
                className={fix.fits ? 'dot' : 'dot dot-open'}
                cx={xOf(fix)}
                cy={yOf(numberOf(fix.margin))}
                r={4}
              >
                <title>{`${fix.rank}: ${usdShort(fix.margin)}`}</title>
              </circle>
            </g>
          ))}
          <circle className="dot-here" cx={xOf(open)} cy={yOf(numberOf(open.margin))} r={8} />
          {[most, 0, least].map(
            (tick, index) =>
              (index === 1 || Math.abs(yOf(tick) - yOf(0)) > 14) && (
                <text key={index} className="tick" x={LEFT - 8} y={yOf(tick) + 4} textAnchor="end">
                  {usdShort(tick)}
                </text>
              ),
          )}
          <text className="axis" x={LEFT} y={HEIGHT - 12}>
            {m.lab_nobody_harmed()}
          </text>
          <text className="axis" x={width} y={HEIGHT - 12} textAnchor="end">
            {m.lab_share_harmed({ share: percent(harmMost) })}
          </text>
        </svg>
      )}
    </figure>
  );
}
