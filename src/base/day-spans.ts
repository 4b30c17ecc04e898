import { utcDay } from './utc-day.ts';

const DAY_MS = 86_400_000;

/** From which end of time one reads. */
export type TimeOrder = 'asc' | 'desc';

/** UTC days, such as `2026-11-24`; the last one is exclusive. */
export interface DaySpan {
  readonly fromDay: string;
  readonly toDay: string;
}

export interface DaySteps {
  readonly order: TimeOrder;
  /** Begins with the day of this instant and not at the period's end. */
  readonly beginMs: number | undefined;
  /** Days of each span in turn; the last one serves for all that follow. */
  readonly steps: readonly [number, ...number[]];
}

/**
 * A period in spans of days, from its newest day on or from its oldest. Where each day is a partition of its
 * own, a page is read from the first spans that fill it, and the others are left alone.
 *
 * @example
 * daySpans({ fromDay: '2026-11-01', toDay: '2026-12-01' }, { order: 'desc', beginMs: undefined, steps: [1, 400] })
 * // November 30, then all that is before it
 */
export function* daySpans(
  period: DaySpan,
  { order, beginMs, steps }: DaySteps,
): Generator<DaySpan> {
  let startMs = Date.parse(period.fromDay);
  let endMs = Date.parse(period.toDay);
  if (beginMs !== undefined) {
    const dayMs = Math.floor(beginMs / DAY_MS) * DAY_MS;
    if (order === 'desc') endMs = Math.min(endMs, dayMs + DAY_MS);
    else startMs = Math.max(startMs, dayMs);
  }
  for (let step = 0; startMs < endMs; step++) {
    const lengthMs = (steps[Math.min(step, steps.length - 1)] ?? steps[0]) * DAY_MS;
    if (order === 'desc') {
      const cutMs = Math.max(startMs, endMs - lengthMs);
      yield { fromDay: utcDay(cutMs), toDay: utcDay(endMs) };
      endMs = cutMs;
    } else {
      const cutMs = Math.min(endMs, startMs + lengthMs);
      yield { fromDay: utcDay(startMs), toDay: utcDay(cutMs) };
      startMs = cutMs;
    }
  }
}

/** One page of what lies in days, in the order of time: `read` is asked for span after span until it is full. */
export async function readInSpans<Row>(
  spans: Iterable<DaySpan>,
  limit: number,
  read: (span: DaySpan, limit: number) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const span of spans) {
    if (found.length >= limit) break;
    found.push(...(await read(span, limit - found.length)));
  }
  return found;
}
