import { countText } from '#base/count-text.ts';
import { withPlans } from '#offer/plan-notation.ts';
import { curveOf } from './curve.ts';
import { figuresOf, labelOf, lossOf, planResultOf } from './figures.ts';
import { groupFixes, likeWords } from './fix-groups.ts';
import { formatCount, formatMoney, formatShare } from './format.ts';
import type { Fix, Loss, Recommendation, Subscriber } from './lab.schema.ts';
import { reactionOf, studyOutcomes } from './plan-study.ts';
import type { MeasuredFix, RecommendBounds } from './fix-merit.ts';
import type { Recommended } from './recommend.ts';
import { type LabBasis, termsOf } from './scenario.ts';
import { noticedBy } from './touched.ts';

type Parts = Omit<
  Recommendation,
  | 'kind'
  | 'id'
  | 'createdAtMs'
  | 'book'
  | 'fromDay'
  | 'toDay'
  | 'seed'
  | 'behaviour'
  | 'versions'
  | 'events'
  | 'seconds'
  | 'oracle'
  | 'coverage'
>;

/** So many subscribers are named where people read; a result has them all. */
const NAMED_MAX = 8;
/** So many ways out are told where people read; a result has them all. */
const WAYS_MAX = 5;

/** What was found, told: in figures, in two sentences, and as a document to apply. */
export function recommendationOf(input: {
  readonly basis: LabBasis;
  readonly found: Recommended;
  readonly bounds: RecommendBounds;
  readonly document: string | undefined;
  /** Why this book was asked, where nobody named one. */
  readonly bookNote: string | undefined;
}): Parts {
  const { basis, found, bounds } = input;
  const { plan, study, after, fixes } = found;
  const { tape } = basis;
  const outcomes = studyOutcomes(study, after);
  const [first] = fixes;
  const ranked = (each: MeasuredFix, index: number): Fix => ({ rank: index + 1, ...each.fix });
  const loss = lossOf(tape, study.before, study.rows);
  const before = figuresOf(study.before, study.rows);
  const reaches = first?.fix.fits ?? false;
  const isChange = (first?.candidate.changes.length ?? 0) > 0;
  const terms = termsOf(plan);
  const ways = fixes.map((each, index) => ({
    ...ranked(each, index),
    terms: each.candidate.terms,
  }));
  const parts = {
    plan: plan.plan,
    label: labelOf(plan),
    bounds,
    before,
    loss,
    candidates: found.candidates,
    sampledSubscribers: found.sampled,
    subscribers: study.rows.length,
    reaches,
    fixes: ways,
    groups: groupFixes(terms, ways),
    terms,
    curve: curveOf(found.curve, study.before, found.sides),
    base: input.document ?? null,
    bookNote: input.bookNote ?? null,
    frontier: found.frontier.map(ranked),
    result: {
      ...planResultOf({ plan, isChanged: isChange, before: study.before, after, outcomes }),
      reaction: reactionOf(study, after, outcomes),
    },
    reactions: noticedBy(tape, study, outcomes),
    document:
      isChange && first !== undefined && input.document !== undefined
        ? withPlans(input.document, [first.candidate.terms])
        : null,
  };
  const explanation = [
    lossSentence(plan.displayName, parts, tape),
    fixSentence(parts, bounds),
  ].join(' ');
  return { ...parts, explanation, text: recommendationText({ ...parts, explanation }) };
}

function lossSentence(
  name: string,
  { before, loss }: { before: Recommendation['before']; loss: Loss },
  tape: { readonly fromDay: string; readonly toDay: string },
): string {
  const margin = BigInt(before.margin);
  const span = `from ${tape.fromDay} to ${tape.toDay}`;
  const verb = margin < 0n ? 'lost' : 'earned';
  const head = `${name} ${verb} ${formatMoney(margin < 0n ? -margin : margin)} ${span}, on ${formatMoney(BigInt(before.revenue))} from ${countText(before.subscribers, 'subscriber')}`;
  if (loss.causedBy.length === 0) return `${head}; none of them is below zero.`;
  const few = loss.causedBy.length;
  return `${head}; ${few} of them (${formatShare(few / before.subscribers)}) ${few === 1 ? 'causes' : 'cause'} ${formatShare(loss.causedByShare)} of the ${formatMoney(BigInt(loss.loss))} that those below zero lose.`;
}

function fixSentence(
  { fixes, result, subscribers }: Pick<Parts, 'fixes' | 'result' | 'subscribers'>,
  bounds: RecommendBounds,
): string {
  const [first] = fixes;
  if (first === undefined) return 'No change could be tried.';
  const what =
    first.changes.length === 0 ? 'the plan stays as it is' : first.changes.join(', and ');
  const share = first.marginShare === null ? '' : ` (${formatShare(first.marginShare)} of revenue)`;
  const bill =
    // Less is shown as ×1.00.
    (first.billMultipleMax ?? Infinity) < 1.005
      ? 'nobody pays more'
      : `nobody pays more than ${(first.billMultipleMax ?? Infinity).toFixed(2)} times their bill`;
  const leave = result.reaction?.leave ?? 0;
  const outcome = `the margin becomes ${formatMoney(BigInt(first.margin))}${share}${unmovedWords(first)}, ${first.harmed} of ${countText(subscribers, 'subscriber')} ${first.harmed === 1 ? 'notices' : 'notice'} (${formatShare(first.harmedShare)})${leave > 0 ? ` and ${leave} of them ${leave === 1 ? 'leaves' : 'leave'}` : ''}, and ${bill}`;
  if (first.fits && first.changes.length === 0)
    return `Nothing needs to change: that is ${formatShare(first.marginShare ?? 0)} of revenue, and ${formatShare(bounds.targetMargin)} was asked for.`;
  if (first.fits) return `If ${what}, ${outcome}.`;
  return `No change within these bounds reaches ${formatShare(bounds.targetMargin)} (at most ${formatShare(bounds.harmMax)} harmed, nobody above ${bounds.billMax} times their bill); the nearest misses by ${first.misses.join(' and ')}: if ${what}, ${outcome}.`;
}

/** A fix must reach the target both ways: where what people do matters, the margin without it stands beside. */
function unmovedWords({ margin, mechanicalMargin, mechanicalMarginShare: share }: Fix): string {
  if (margin === mechanicalMargin) return '';
  return `, ${formatMoney(BigInt(mechanicalMargin))}${share === null ? '' : ` (${formatShare(share)})`} if nobody reacts`;
}

function recommendationText(parts: Omit<Parts, 'text'>): string {
  const { fixes, loss, explanation, candidates, subscribers, sampledSubscribers, reactions } =
    parts;
  const lines = (parts.groups ?? []).slice(0, WAYS_MAX).flatMap((group) => {
    const fix = fixes.find(({ rank }) => rank === group.ranks[0]);
    if (fix === undefined) return [];
    const share = fix.marginShare === null ? '–' : formatShare(fix.marginShare);
    const what = fix.changes.length === 0 ? 'the plan as it is' : fix.changes.join('; ');
    const like = likeWords(group);
    return [
      `  ${fix.rank}. ${fix.fits ? '' : `(misses ${fix.misses.join(', ')}) `}${what}: margin ${formatMoney(BigInt(fix.margin))} (${share})${unmovedWords(fix)}, ${fix.harmed} harmed (${formatShare(fix.harmedShare)}), highest bill ×${fix.billMultipleMax?.toFixed(2) ?? '∞'}`,
      ...(like === '' ? [] : [`     ${like}`]),
    ];
  });
  const few = loss.causedBy
    .slice(0, NAMED_MAX)
    .map(
      ({ customer, cost, shareOfLoss }) =>
        `  ${customer}  cost ${formatMoney(BigInt(cost))}, ${formatShare(shareOfLoss)} of the loss`,
    );
  const more = loss.causedBy.length - few.length;
  const sample =
    sampledSubscribers < subscribers
      ? `${countText(candidates, 'change')} tried on ${sampledSubscribers} of ${countText(subscribers, 'subscriber')}, the best ${fixes.length} on all`
      : `${countText(candidates, 'change')} tried on all ${countText(subscribers, 'subscriber')}`;
  return [
    explanation,
    ...(parts.bookNote === null ? [] : ['', parts.bookNote]),
    ...(few.length === 0 ? [] : ['', 'Who causes the loss:', ...few]),
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
    `The best changes (${sample}):`,
    ...lines,
    ...noticedText(reactions, parts.result.harmed),
  ].join('\n');
}

function noticedText(reactions: Recommendation['reactions'], harmed: number): readonly string[] {
  const named = reactions
    .filter((each) => each.harmed)
    .slice(0, NAMED_MAX)
    .map((each) => `  ${each.customer}  ${noticeWords(each)}`);
  if (named.length === 0) return [];
  return [
    '',
    `Who would notice the first of them (${harmed}):`,
    ...named,
    ...(harmed > named.length ? [`  and ${harmed - named.length} more`] : []),
  ];
}

/** What a change does to one subscriber. */
function noticeWords(each: Subscriber): string {
  const requests = [
    [each.newlyRefused, 'refused'],
    [each.newlyFellBack, 'answered by another class'],
    [each.newlySlowed, 'slower'],
  ] as const;
  const met = requests.filter(([count]) => count > 0);
  const limits = met.map(([count, what]) => `${formatCount(count)} requests ${what}`);
  const [before, after] = [
    formatMoney(BigInt(each.billBefore)),
    formatMoney(BigInt(each.billAfter)),
  ];
  return [
    before === after ? `pays ${after} as before` : `pays ${after} instead of ${before}`,
    ...limits,
    ...(each.choice === 'stay'
      ? []
      : [each.choice === 'leave' ? 'leaves' : `would ${each.choice}`]),
  ].join(', ');
}
