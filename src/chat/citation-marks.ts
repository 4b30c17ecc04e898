import type { CitationRange } from './part.ts';

/** A mark as answers carry it: `[3]`, `[1, 2]`, `【3】`. */
const MARK = /(?:\[|【)(\d{1,2}(?:\s*[,，]\s*\d{1,2})*)(?:\]|】)(?!\()/g;

/**
 * Where a text leans on its sources: each mark covers the sentence (or line) that it ends. Code is
 * left alone, since `a[1]` there is no citation.
 * @param sources how many sources there are; marks of others are no citations
 */
export function citationRanges(text: string, sources: number): readonly CitationRange[] {
  const ranges: CitationRange[] = [];
  const code = codeSpans(text);
  for (const match of text.matchAll(MARK)) {
    const end = match.index + match[0].length;
    if (code.some(([from, to]) => match.index >= from && match.index < to)) continue;
    const start = sentenceStart(text, match.index);
    for (const number of (match[1] ?? '').split(/[,，]/)) {
      const source = Number(number);
      if (source >= 1 && source <= sources) ranges.push({ start, end, source });
    }
  }
  return ranges;
}

function sentenceStart(text: string, at: number): number {
  // A mark often follows the full stop: then the sentence before it is meant.
  let from = at;
  while (from > 0 && /[\s.!?。！？\]】\d[【,，]/.test(text[from - 1] ?? '')) from -= 1;
  const before = text.slice(0, from);
  const stop = Math.max(
    before.lastIndexOf('. '),
    before.lastIndexOf('! '),
    before.lastIndexOf('? '),
    before.lastIndexOf('。'),
    before.lastIndexOf('！'),
    before.lastIndexOf('？'),
    before.lastIndexOf('\n'),
    before.lastIndexOf('] '),
  );
  let start = stop + 1;
  while (start < from && /\s/.test(text[start] ?? '')) start += 1;
  return start;
}

function codeSpans(text: string): readonly (readonly [number, number])[] {
  return [...text.matchAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g)].map((match) => [
    match.index,
    match.index + match[0].length,
  ]);
}
