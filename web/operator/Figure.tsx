import type { Compared, Nano } from '../../src/http/shapes/wire.ts';
import { m } from '../paraglide/messages.js';
import { change, count, numberOf, usd, usdShort } from '../ui/figures.ts';
import { Link } from '../ui/Link.tsx';

/** Money; below zero it is under water, in the colour, with the sign and in words for those who hear it. */
export function Money({
  nano,
  isMargin = false,
  signed = false,
}: {
  readonly nano: Nano;
  readonly isMargin?: boolean;
  readonly signed?: boolean;
}) {
  const isUnder = isMargin && numberOf(nano) < 0;
  return <span className={isUnder ? 'money under' : 'money'}>{usd(nano, { signed })}</span>;
}

/** One figure with its name, how it moved, how it ran, and what it opens. */
export function Figure({
  label,
  value,
  text,
  before,
  run,
  to,
  isUnder = false,
  note,
}: {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly before?: number | undefined;
  /** Day by day. */
  readonly run?: readonly number[] | undefined;
  readonly to?: string;
  readonly isUnder?: boolean;
  readonly note?: string | undefined;
}) {
  const moved = before === undefined ? undefined : change(value, before);
  const body = (
    <>
      <span className="figure-label">{label}</span>
      <span className={isUnder ? 'figure-value under' : 'figure-value'}>{text}</span>
      <span className="figure-note">
        {note ??
          (moved ? m.op_moved({ moved }) : before === undefined ? '' : m.op_nothing_before())}
      </span>
      {run && run.length > 1 && <Spark values={run} />}
    </>
  );
  return to ? (
    <Link to={to} className="figure-card">
      {body}
    </Link>
  ) : (
    <div className="figure-card">{body}</div>
  );
}

export function MoneyFigure({
  label,
  figure,
  isMargin = false,
  isLoss = false,
  ...rest
}: {
  readonly label: string;
  readonly figure: Compared;
  readonly isMargin?: boolean;
  /** A loss is told as a positive amount; it reads with its minus sign. */
  readonly isLoss?: boolean;
  readonly run?: readonly number[];
  readonly to?: string;
  readonly note?: string;
}) {
  const now = numberOf(figure.now);
  const shown = isLoss ? 0 - now : now;
  return (
    <Figure
      label={label}
      value={now}
      before={numberOf(figure.before)}
      text={Math.abs(shown) >= 1e15 ? usdShort(shown) : usd(shown)}
      isUnder={(isMargin && now < 0) || (isLoss && now > 0)}
      {...rest}
    />
  );
}

export function CountFigure({
  label,
  figure,
  ...rest
}: {
  readonly label: string;
  readonly figure: { readonly now: number; readonly before: number };
  readonly run?: readonly number[];
  readonly to?: string;
}) {
  return (
    <Figure
      label={label}
      value={figure.now}
      before={figure.before}
      text={count(figure.now)}
      {...rest}
    />
  );
}

const WIDTH = 120;
const HEIGHT = 32;

/** How a figure ran, day by day, with the waterline where it crosses zero. */
export function Spark({ values }: { readonly values: readonly number[] }) {
  const top = Math.max(0, ...values);
  const bottom = Math.min(0, ...values);
  const span = top - bottom || 1;
  const yOf = (value: number): number => 1 + ((top - value) / span) * (HEIGHT - 2);
  const width = WIDTH / values.length;
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      preserveAspectRatio="none"
    >
      {values.map((value, index) => (
        <rect
          key={index}
          className={value < 0 ? 'bar-under' : 'bar-over'}
          x={index * width + 0.5}
          width={Math.max(0.5, width - 1)}
          y={Math.min(yOf(value), yOf(0))}
          height={Math.max(0.5, Math.abs(yOf(value) - yOf(0)))}
        />
      ))}
      <line className="waterline" x1={0} x2={WIDTH} y1={yOf(0)} y2={yOf(0)} />
    </svg>
  );
}
