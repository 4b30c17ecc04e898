const WORDS = 4;

/** UUIDs of customers as four 32-bit words each, the highest last; in their order, each once. */
export type IdWords = Uint32Array;

/** The ids of both lists. The first itself where it holds all of the second's. */
export function mergeIds(all: IdWords, more: IdWords): IdWords {
  const merged = new Uint32Array(all.length + more.length);
  let a = 0;
  let b = 0;
  let to = 0;
  while (a < all.length || b < more.length) {
    const order = a === all.length ? 1 : b === more.length ? -1 : compareIds(all, a, more, b);
    const [from, at] = order <= 0 ? [all, a] : [more, b];
    for (let w = 0; w < WORDS; w++) merged[to++] = from[at + w] ?? 0;
    if (order <= 0) a += WORDS;
    if (order >= 0) b += WORDS;
  }
  return to === all.length ? all : merged.slice(0, to);
}

/** The place of each of some ids among all, which hold them. */
export function numbersOfIds(all: IdWords, some: IdWords): Uint32Array {
  const numbers = new Uint32Array(new SharedArrayBuffer(some.length));
  let a = 0;
  for (let b = 0, i = 0; b < some.length; b += WORDS, i++) {
    while (compareIds(all, a, some, b) < 0) a += WORDS;
    numbers[i] = a / WORDS;
  }
  return numbers;
}

/** As the lake's other tables have them: `0197…-…`. */
export function idTexts(ids: IdWords): readonly string[] {
  const hex = (at: number): string => (ids[at] ?? 0).toString(16).padStart(8, '0');
  return Array.from({ length: ids.length / WORDS }, (_, i) => {
    const at = i * WORDS;
    const [second, third] = [hex(at + 2), hex(at + 1)];
    return `${hex(at + 3)}-${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${hex(at)}`;
  });
}

function compareIds(a: IdWords, i: number, b: IdWords, j: number): number {
  for (let w = WORDS - 1; w >= 0; w--) {
    const order = (a[i + w] ?? 0) - (b[j + w] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
