/** Subscribers sorted by margin, as a curve over a width. */
export interface CurveLayout {
  readonly xOf: (index: number) => number;
  readonly indexAt: (x: number) => number;
  readonly yOf: (margin: number) => number;
  /** Where the curve crosses zero; at an end where it never does. */
  readonly crossingX: number;
  /** SVG path of the curve's line. */
  readonly line: string;
  /** Between the line and the waterline, below and above. */
  readonly below: string;
  readonly above: string;
  readonly ticks: readonly number[];
}

export interface CurveRoom {
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly left: number;
  /** Ends of the scale, where several curves share it; the curve's own where absent. */
  readonly least?: number;
  readonly most?: number;
}

const TICKS = 5;

/**
 * Draws at most two points a pixel, the least and the greatest of what stands there, so that 50,000
 * subscribers cost no more than the page is wide and no outlier is dropped. Areas are money.
 */
export function layOutCurve(
  margins: readonly number[],
  belowCount: number,
  { width, height, top, left, ...scale }: CurveRoom,
): CurveLayout {
  const most = Math.max(0, scale.most ?? margins.at(-1) ?? 0);
  const least = Math.min(0, scale.least ?? margins[0] ?? 0);
  const span = most - least || 1;
  const room = Math.max(1, width - left);
  const xOf = (index: number): number => left + (index / Math.max(1, margins.length)) * room;
  const yOf = (margin: number): number => top + ((most - margin) / span) * height;
  const steps = pointsOf(margins, room);
  const point = ([index, margin]: readonly [number, number]): string =>
    `${round(xOf(index + 0.5))},${round(yOf(margin))}`;
  const zero = round(yOf(0));
  const crossingX = xOf(belowCount);
  const under = steps.filter(([, margin]) => margin < 0);
  const over = steps.filter(([, margin]) => margin >= 0);
  const area = (points: readonly (readonly [number, number])[], from: number, to: number): string =>
    points.length === 0
      ? ''
      : `M${round(from)},${zero}L${round(from)},${round(yOf(points[0]?.[1] ?? 0))}L${points.map(point).join('L')}L${round(to)},${round(yOf(points.at(-1)?.[1] ?? 0))}L${round(to)},${zero}Z`;
  return {
    xOf,
    yOf,
    crossingX,
    indexAt: (x) =>
      Math.min(margins.length - 1, Math.max(0, Math.floor(((x - left) / room) * margins.length))),
    line: steps.length === 0 ? '' : `M${steps.map(point).join('L')}`,
    below: area(under, left, crossingX),
    above: area(over, crossingX, left + room),
    ticks: ticksBetween(least, most),
  };
}

function pointsOf(
  margins: readonly number[],
  room: number,
): readonly (readonly [number, number])[] {
  const stride = Math.max(1, Math.floor(margins.length / room));
  const points: (readonly [number, number])[] = [];
  for (let index = 0; index < margins.length; index += stride) {
    points.push([index, margins[index] ?? 0]);
    // Sorted, so that the last of a pixel is its greatest.
    const last = Math.min(index + stride - 1, margins.length - 1);
    if (last > index) points.push([last, margins[last] ?? 0]);
  }
  return points;
}

/** Round amounts between two bounds, zero among them. */
function ticksBetween(least: number, most: number): readonly number[] {
  const span = most - least;
  if (span <= 0) return [0];
  const raw = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most; tick += step)
    ticks.push(Math.round(tick) + 0);
  return ticks;
}

const round = (value: number): number => Math.round(value * 10) / 10;
