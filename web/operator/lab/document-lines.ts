/** A line of one document beside another. */
export interface DocumentLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** Between two changes, more lines that are the same are left out. */
const CONTEXT = 3;

/**
 * What is other in a document, line by line, with a few lines around it; `undefined` stands for lines
 * that were left out. By the longest common subsequence of what lies between equal ends.
 */
export function changedLines(from: string, to: string): readonly (DocumentLine | undefined)[] {
  const [a, b] = [from.split('\n'), to.split('\n')];
  let start = 0;
  while (start < a.length && start < b.length && isSame(a[start], b[start])) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && isSame(a[endA - 1], b[endB - 1])) {
    endA--;
    endB--;
  }
  const same = (text: string): DocumentLine => ({ kind: 'same', text });
  const all = [
    ...a.slice(0, start).map(same),
    ...between(a.slice(start, endA), b.slice(start, endB)),
    ...a.slice(endA).map(same),
  ];
  return shortened(all);
}

/** A value in quotes is the same value. */
const isSame = (a = '', b = ''): boolean =>
  a === b || a.replaceAll(/['"]/g, '') === b.replaceAll(/['"]/g, '');

function between(a: readonly string[], b: readonly string[]): readonly DocumentLine[] {
  // Length of the longest common subsequence of what follows each pair of places.
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = isSame(a[i], b[j])
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DocumentLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && isSame(a[i], b[j])) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ kind: 'gone', text: a[i++] ?? '' });
    else lines.push({ kind: 'new', text: b[j++] ?? '' });
  }
  return lines;
}

function shortened(lines: readonly DocumentLine[]): readonly (DocumentLine | undefined)[] {
  const isNear = (index: number): boolean =>
    lines
      .slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1)
      .some(({ kind }) => kind !== 'same');
  const shown: (DocumentLine | undefined)[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNear(index)) shown.push(line);
    else if (shown.length > 0 && shown.at(-1) !== undefined) shown.push(undefined);
  }
  return shown.at(-1) === undefined ? shown.slice(0, -1) : shown;
}
