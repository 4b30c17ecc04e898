import { describe, expect, it } from 'vitest';
import { queryOf, searchTerms, storedTerms } from './search-terms.ts';

describe('the terms of a text', () => {
  it('are its words, whatever their case and width', () => {
    expect(searchTerms('The LEDGER, the ｌｅｄｇｅｒ; café 42')).toEqual([
      'the',
      'ledger',
      'the',
      'ledger',
      'café',
      '42',
    ]);
  });

  it('are pairs where a script has no spaces, beside words of another', () => {
    expect(searchTerms('清楚的计量GPT')).toEqual(['清楚', '楚的', '的计', '计量', 'gpt']);
    expect(searchTerms('量')).toEqual(['量']);
  });

  it('are stored once, with single characters too', () => {
    expect(storedTerms('计量 计量')).toEqual(['计量', '计', '量']);
  });
});

describe('a query', () => {
  it('wants all words, and takes the last as a beginning', () => {
    expect(queryOf('two wor')).toBe("'two' & 'wor':*");
  });

  it('is none where there is no word, and holds nothing but words', () => {
    expect(queryOf(" '|&!:* ")).toBeUndefined();
    expect(queryOf("o'neil | drop")).toBe("'o' & 'neil' & 'drop':*");
  });
});
