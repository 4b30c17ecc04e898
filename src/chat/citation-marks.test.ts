import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { citationRanges } from './citation-marks.ts';

const cited = (text: string, sources: number): readonly (readonly [string, number])[] =>
  citationRanges(text, sources).map(({ start, end, source }) => [text.slice(start, end), source]);

describe('a citation', () => {
  it('covers the sentence that its mark ends, before the full stop or after it', () => {
    expect(cited('Water boils at 100 °C [1]. Ice melts at 0 °C. [2]', 2)).toEqual([
      ['Water boils at 100 °C [1]', 1],
      ['Ice melts at 0 °C. [2]', 2],
    ]);
  });

  it('may name several sources, and be in Chinese brackets', () => {
    expect(cited('水在100度沸腾【1,2】。', 2)).toEqual([
      ['水在100度沸腾【1,2】', 1],
      ['水在100度沸腾【1,2】', 2],
    ]);
  });

  it('is none in code, in a link, or where there is no such source', () => {
    expect(cited('`a[1]` and [1](https://example.com)\n```\nb[1]\n```', 3)).toEqual([]);
    expect(cited('As [7] says.', 3)).toEqual([]);
  });

  it('lies in the text, whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '. ', '[1]', '。', '`', '\n', '[2,1]') }),
        (text) => {
          for (const { start, end } of citationRanges(text, 2)) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(start).toBeLessThan(end);
            expect(end).toBeLessThanOrEqual(text.length);
          }
        },
      ),
    );
  });
});
