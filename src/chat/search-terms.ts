/**
 * The words of a text, as lexemes of a tsvector. Scripts without spaces are cut into
 * pairs of characters, which finds any substring of two or more without a dictionary.
 */
export function searchTerms(text: string): readonly string[] {
  const terms: string[] = [];
  for (const [run] of text.normalize('NFKC').toLowerCase().matchAll(WORD)) {
    for (const piece of run.match(PIECE) ?? []) {
      if (!UNSPACED.test(piece)) terms.push(piece.slice(0, TERM_CHARACTERS_MAX));
      else terms.push(...pairs(piece));
    }
  }
  return terms;
}

/** What is stored: repeated words say nothing more. */
export function storedTerms(text: string): readonly string[] {
  const terms = searchTerms(text.slice(0, TEXT_CHARACTERS_MAX));
  const singles = [...text.slice(0, TEXT_CHARACTERS_MAX).matchAll(SINGLE)].map(([each]) => each);
  return [...new Set([...terms, ...singles])];
}

/** A text to cast to `tsquery`: all words, the last one as a beginning. `undefined` where there is no word. */
export function queryOf(text: string): string | undefined {
  const terms = [...new Set(searchTerms(text.slice(0, 200)))];
  if (terms.length === 0) return undefined;
  // Terms are letters and digits alone, so nothing in them needs an escape.
  return terms.map((term, at) => `'${term}'${at === terms.length - 1 ? ':*' : ''}`).join(' & ');
}

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(1).map((each, at) => `${characters[at] ?? ''}${each}`);
}

const WORD = /[\p{L}\p{N}]+/gu;
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Khmer}]/u;
const PIECE =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Khmer}]+|[^\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Khmer}]+/gu;
const SINGLE = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Khmer}]/gu;
const TERM_CHARACTERS_MAX = 64;
/** A tsvector holds a megabyte at most. */
const TEXT_CHARACTERS_MAX = 100_000;
