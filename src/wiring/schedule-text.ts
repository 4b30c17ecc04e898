import { countText } from '#base/count-text.ts';
import { formatUsdCents } from '#base/money.ts';
import type { ScheduleNotice, ScheduleRow } from '#http/shapes/notices.ts';

const PEOPLE_MAX = 8;
const MOVES = {
  new: 'Only who subscribes from then on gets it',
  renewal: 'Present subscribers get it when their next period begins',
  at_once: 'Present subscribers get it at that time, prorated',
} as const;

/** One pays, two pay. */
const s = (count: number, verb: string): string => (count === 1 ? `${verb}s` : verb);

/** A scheduled change, for people at a terminal. */
export function scheduleText(row: ScheduleRow, notices: readonly ScheduleNotice[]): string {
  const at = new Date(row.effectiveAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const told =
    row.moves === 'new'
      ? ''
      : row.notify
        ? `; ${countText(row.noticeDays, 'day')} of notice`
        : '; without a notice';
  const people =
    row.subscribers === 0
      ? []
      : [
          `${countText(row.subscribers, 'subscriber')}: ${row.dearer} ${s(row.dearer, 'pay')} more, ${row.cheaper} ${s(row.cheaper, 'pay')} less, ${row.limited} ${s(row.limited, 'meet')} a limit that was not there (their own use, ${row.fromDay} to ${row.toDay}).`,
          ...notices.slice(0, PEOPLE_MAX).map(noticeLine),
          ...(row.subscribers > PEOPLE_MAX ? [`  and ${row.subscribers - PEOPLE_MAX} more`] : []),
        ];
  return [
    `${row.displayName}, from ${at} UTC: ${row.changes.join('; ')}.`,
    `${MOVES[row.moves]}${told}.`,
    ...people,
    row.id === null ? 'Nothing is written yet: this is a dry run.' : `${row.id}: ${stateText(row)}`,
  ].join('\n');
}

function noticeLine({ name, customerId, notice }: ScheduleNotice): string {
  const { bill } = notice;
  if (bill === null) return `  ${customerId}  ${name}: nothing used on record`;
  const usd = (nano: number | string): string => formatUsdCents(BigInt(nano));
  const limits = [
    bill.newlyRefused > 0 && `${bill.newlyRefused.toLocaleString('en')} refused`,
    bill.newlyFellBack > 0 && `${bill.newlyFellBack.toLocaleString('en')} by another model`,
    bill.newlySlowed > 0 && `${bill.newlySlowed.toLocaleString('en')} slowed`,
  ].filter((each) => each !== false);
  const limited =
    limits.length === 0 ? '' : `; of ${countText(bill.requests, 'request')} ${limits.join(', ')}`;
  return `  ${customerId}  ${name}: ${usd(bill.beforeNanoUsd)} → ${usd(bill.afterNanoUsd)}${limited}`;
}

function stateText(row: ScheduleRow): string {
  if (row.state === 'waiting')
    return `waiting. To take it back: breakeven lab unschedule ${row.id ?? ''}`;
  if (row.state === 'published')
    return row.subscribers === 0
      ? 'published.'
      : `published; ${row.moved} of ${row.subscribers} moved, ${row.left} had left the plan.`;
  return `${row.state}${row.endedBy === null ? '' : ` by ${row.endedBy}`}${row.reason === null ? '' : `: ${row.reason}`}`;
}
