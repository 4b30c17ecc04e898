import { useState } from 'react';
import type { Fix, FixGroup, Recommendation } from '../../../src/lab/lab.schema.ts';
import { m } from '../../paraglide/messages.js';
import { count, percent, usd } from '../../ui/figures.ts';
import { Link } from '../../ui/Link.tsx';
import { LocalTable } from '../../ui/Table.tsx';
import { amountText, changeTitle } from './change-words.ts';

interface Way {
  readonly fix: Fix;
  /** Of the best of those that are nearly the same. */
  readonly group: FixGroup | undefined;
}

/** The fixes by rank; what is nearly the same as a better one stands folded under it. */
export function WaysOut({
  result,
  open,
  at,
}: {
  readonly result: Recommendation;
  /** The one that is looked at. */
  readonly open: Fix;
  readonly at: (fix: Fix) => string;
}) {
  const { fixes, terms } = result;
  const groups = result.groups ?? fixes.map(({ rank }) => ({ ranks: [rank], range: null }));
  const [unfolded, setUnfolded] = useState<ReadonlySet<number | undefined>>(
    // What is looked at is in sight.
    () => new Set([groups.find(({ ranks }) => ranks.includes(open.rank, 1))?.ranks[0]]),
  );
  const toggle = (rank: number): void => {
    setUnfolded((before) => {
      const after = new Set(before);
      if (!after.delete(rank)) after.add(rank);
      return after;
    });
  };
  const isUnfolded = ({ ranks }: FixGroup): boolean => unfolded.has(ranks[0]);
  const ways = groups.flatMap((group) => {
    const [best, ...like] = group.ranks.flatMap(
      (rank) => fixes.find((fix) => fix.rank === rank) ?? [],
    );
    if (!best) return [];
    return [
      { fix: best, group },
      ...(isUnfolded(group) ? like.map((fix) => ({ fix, group: undefined })) : []),
    ];
  });
  return (
    <LocalTable<Way>
      caption={m.lab_fixes()}
      rows={ways}
      rowKey={({ fix }) => String(fix.rank)}
      rowHref={({ fix }) => at(fix)}
      columns={[
        { key: 'rank', label: '#', isFigure: true, cell: ({ fix }) => fix.rank },
        {
          key: 'what',
          label: m.lab_change(),
          cell: ({ fix, group }) => (
            <div className={group ? undefined : 'way-like'}>
              <Link to={at(fix)} aria-current={fix === open ? 'true' : undefined}>
                {changeTitle(terms, fix.terms ?? terms)}
              </Link>
              {group?.range && (
                <button
                  type="button"
                  className="way-more"
                  aria-expanded={isUnfolded(group)}
                  onClick={() => toggle(fix.rank)}
                >
                  {likeWords(group.ranks.length - 1, group.range)}
                </button>
              )}
            </div>
          ),
        },
        {
          key: 'fits',
          label: m.lab_fits(),
          isSecond: true,
          cell: ({ fix }) => (fix.fits ? m.lab_fits_yes() : missWords(fix)),
        },
        {
          key: 'margin',
          label: m.lab_margin(),
          isFigure: true,
          cell: ({ fix }) => usd(fix.margin),
        },
        {
          key: 'harmed',
          label: m.lab_harmed(),
          isFigure: true,
          cell: ({ fix }) => `${count(fix.harmed)} (${percent(fix.harmedShare)})`,
        },
        {
          key: 'bill',
          label: m.lab_highest_bill(),
          isFigure: true,
          isSecond: true,
          cell: ({ fix }) =>
            fix.billMultipleMax === null ? '–' : `×${fix.billMultipleMax.toFixed(2)}`,
        },
      ]}
    />
  );
}

/** "and 3 like it, from $600 to $650": as the command line says it. */
function likeWords(many: number, range: NonNullable<FixGroup['range']>): string {
  const [from, to] = [amountText(range.unit, range.from), amountText(range.unit, range.to)];
  const where = from === to ? m.lab_like_at({ amount: from }) : m.lab_like_range({ from, to });
  return range.isMore
    ? m.lab_like_more({ count: many, where })
    : m.lab_like({ count: many, where });
}

function missWords({ misses }: Fix): string {
  const words: Readonly<Record<string, () => string>> = {
    margin: m.lab_miss_margin,
    harm: m.lab_miss_harm,
    bill: m.lab_miss_bill,
  };
  return misses.map((miss) => words[miss]?.() ?? miss).join(m.lab_words_comma());
}
