import type { Fix, Recommendation, ReplayResult } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { addDays, count, daysText, numberOf, percent, usdInText } from '../../ui/figures.ts';
import { changeLine, changeTitle } from './change-words.ts';

/** What happened on the plan, and because of whom. */
export function lossSentence({ before, loss, terms, fromDay, toDay }: Recommendation): string {
  const margin = numberOf(before.margin);
  const head = {
    plan: terms.displayName,
    amount: usdInText(Math.abs(margin)),
    days: daysText(fromDay, addDays(toDay, 1)),
    revenue: usdInText(before.revenue),
    subscribers: count(before.subscribers),
  };
  const few = loss.causedBy.length;
  const who =
    few === 0
      ? m.lab_say_nobody_below()
      : m.lab_say_few({
          few: count(few),
          share: percent(few / Math.max(1, before.subscribers)),
          part: percent(loss.causedByShare),
          loss: usdInText(loss.loss),
        });
  return `${margin < 0 ? m.lab_say_lost(head) : m.lab_say_earned(head)}${who}`;
}

/** What a change would make of it; the first of them also says whether it is enough. */
export function fixSentence(result: Recommendation, fix: Fix | undefined): string {
  if (!fix) return m.lab_say_none_tried();
  const { bounds, subscribers, terms } = result;
  if (fix.fits && fix.changes.length === 0)
    return m.lab_say_as_it_is({
      share: percent(fix.marginShare ?? 0),
      target: percent(bounds.targetMargin),
    });
  const isFirstWord = fix.fits || fix.rank !== 1;
  const what = (isFirstWord ? changeTitle : changeLine)(terms, fix.terms ?? terms);
  const outcome = m.lab_say_outcome({
    margin: usdInText(fix.margin),
    share: fix.marginShare === null ? '–' : percent(fix.marginShare),
    harmed: count(fix.harmed),
    all: count(subscribers),
  });
  const left = fix.leave + fix.move;
  const leave = left > 0 ? m.lab_say_leave({ count: count(left) }) : '';
  const bill =
    // Less is shown as ×1.00.
    (fix.billMultipleMax ?? Infinity) < 1.005
      ? m.lab_say_nobody_pays()
      : m.lab_say_pays({
          times: fix.billMultipleMax === null ? '∞' : fix.billMultipleMax.toFixed(2),
        });
  const change = `${what}${m.lab_words_then()}${outcome}${leave}${bill}`;
  if (isFirstWord) return change;
  return `${m.lab_say_no_fit({
    target: percent(bounds.targetMargin),
    harm: percent(bounds.harmMax),
    times: String(bounds.billMax),
  })}${change}`;
}

/** What a replayed document makes of all plans together, and how many notice. */
export function replaySentence({ total, plans, fromDay, toDay }: ReplayResult): string {
  const harmed = plans.reduce((sum, plan) => sum + plan.harmed, 0);
  return m.lab_say_replayed({
    days: daysText(fromDay, addDays(toDay, 1)),
    before: usdInText(total.before.margin),
    after: usdInText(total.after.margin),
    harmed: count(harmed),
    all: count(total.before.subscribers),
  });
}
