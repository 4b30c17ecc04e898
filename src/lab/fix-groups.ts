import { assert } from '#base/assert.ts';
import type { PlanTerms } from '#offer/offer.ts';
import { formatCount, formatDollars } from './format.ts';
import type { Fix, FixGroup } from './lab.schema.ts';

/** One in a hundred: shares in whole per cents, and a bill's multiple in hundredths, are one apart at most. */
const ROUNDING = 0.01;

/** The amounts of a plan, besides its limits, that a change may set. */
const AMOUNTS: ReadonlySet<string> = new Set([
  'priceNanoUsd',
  'perPeriodNanoUsd',
  'overageCapNanoUsd',
  'fareCapNanoUsd',
  'perMille',
]);

type Range = NonNullable<FixGroup['range']>;
/** By what it is an amount of: a limit by all that its gate is besides. */
type Amounts = ReadonlyMap<string, { readonly unit: Range['unit']; readonly value: number }>;
type Measured = Pick<
  Fix,
  'rank' | 'misses' | 'marginShare' | 'harmedShare' | 'billMultipleMax' | 'terms'
>;

/**
 * Folds fixes under the best of those that are nearly the same: they reach the same within a rounding, and
 * differ from it in one amount, or have one limit more. Every fix is in one group; groups stand in the order
 * of their best, and ranks keep their meaning.
 * @param from the plan as it is
 * @param fixes the best first
 */
export function groupFixes(from: PlanTerms, fixes: readonly Measured[]): FixGroup[] {
  const today = partsOf(from).amounts;
  const groups: Group[] = [];
  for (const fix of fixes) {
    const parts = fix.terms && partsOf(fix.terms);
    const like = { rank: fix.rank, amounts: parts?.amounts ?? new Map() };
    const group = groups.find((each) => {
      const differs = parts && reachSame(each.best, fix) && differenceOf(each.parts, parts, today);
      if (!differs || (each.differs ?? differs) !== differs) return false;
      each.differs = differs;
      return true;
    });
    if (group) group.like.push(like);
    else groups.push({ best: fix, parts, like: [], differs: undefined });
  }
  return groups.map(({ best, parts, like, differs }) => ({
    ranks: [best.rank, ...like.map(({ rank }) => rank)],
    range:
      differs === undefined
        ? null
        : {
            ...rangeOf(like.map(({ amounts }) => amounts.get(differs))),
            isMore: parts?.amounts.get(differs)?.value === today.get(differs)?.value,
          },
  }));
}

/** "and 3 like it, from $600 to $650 (4, 5, 7)"; empty where there are none. */
export function likeWords({ ranks, range }: FixGroup): string {
  const [, ...like] = ranks;
  if (range === null || like.length === 0) return '';
  const [from, to] = [range.from, range.to].map((value) => amountWords(range.unit, value));
  const where = from === to ? `at ${from}` : `from ${from} to ${to}`;
  const more = range.isMore ? 'with one more change, ' : '';
  return `and ${like.length} like it, ${more}${where} (${like.join(', ')})`;
}

interface Parts {
  /** The plan without its limits and amounts. */
  readonly rest: string;
  readonly amounts: Amounts;
}

interface Group {
  readonly best: Measured;
  readonly parts: Parts | undefined;
  readonly like: { readonly rank: number; readonly amounts: Amounts }[];
  /** The amount in which its members differ from the best of them. */
  differs: string | undefined;
}

/**
 * The one amount in which a plan differs from another that is like it, be it of a limit that the other has
 * not; `undefined` where they are not alike, or where the other changes more: then it is no variant of it.
 */
function differenceOf(best: Parts | undefined, other: Parts, today: Amounts): string | undefined {
  if (best?.rest !== other.rest) return undefined;
  if ([...best.amounts.keys()].some((of) => !other.amounts.has(of))) return undefined;
  const differing = [...other.amounts].filter(
    ([of, { value }]) => best.amounts.get(of)?.value !== value,
  );
  const [first] = differing;
  if (first === undefined || differing.length > 1) return undefined;
  const [of, { value }] = first;
  return today.get(of)?.value === value ? undefined : of;
}

function reachSame(a: Measured, b: Measured): boolean {
  const near = (one: number | null, other: number | null): boolean =>
    one === null || other === null ? one === other : Math.abs(one - other) <= ROUNDING;
  return (
    a.misses.join() === b.misses.join() &&
    near(a.marginShare, b.marginShare) &&
    near(a.harmedShare, b.harmedShare) &&
    near(a.billMultipleMax, b.billMultipleMax)
  );
}

function partsOf({ gates, ...terms }: PlanTerms): Parts {
  const amounts = new Map<string, { unit: Range['unit']; value: number }>();
  for (const { limit, ...gate } of gates) {
    const unit = gate.unit === 'messages' || gate.unit === 'tokens' ? gate.unit : 'usd';
    amounts.set(JSON.stringify(gate), { unit, value: limit });
  }
  const rest = JSON.stringify(terms, (key, value: unknown) => {
    if (!AMOUNTS.has(key) || typeof value !== 'number') return value;
    amounts.set(key, { unit: key === 'perMille' ? 'perMille' : 'usd', value });
    return undefined;
  });
  return { rest, amounts };
}

function rangeOf(amounts: readonly ({ unit: Range['unit']; value: number } | undefined)[]) {
  const known = amounts.filter((amount) => amount !== undefined);
  const [first] = known;
  assert(first !== undefined, 'a group of several has an amount in which they differ');
  const values = known.map(({ value }) => value);
  return { unit: first.unit, from: Math.min(...values), to: Math.max(...values) };
}

function amountWords(unit: Range['unit'], value: number): string {
  switch (unit) {
    case 'messages':
      return `${formatCount(value / 1000)} messages`;
    case 'tokens':
      return `${formatCount(value)} tokens`;
    case 'perMille':
      return `+${(value - 1000) / 10}%`;
    default:
      return formatDollars(value);
  }
}
