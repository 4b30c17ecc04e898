import { expect, it } from 'vitest';
import type { Part } from '#chat/part.ts';
import { textOf, textsOf, thoughtsOf } from './message-text.ts';

const SEARCH: Part = { type: 'search', query: 'q', provider: 'p', results: 1 };

it('a text kept in several strings is one text', () => {
  const parts: readonly Part[] = [
    { type: 'text', text: 'One ' },
    { type: 'text', text: 'two' },
    SEARCH,
    { type: 'text', text: '.' },
  ];
  expect(textOf(parts)).toBe('One two.');
  expect(textsOf(parts)).toEqual(['One ', 'two', '.']);
});

it('thoughts are apart where something else came between them, and nowhere else', () => {
  const parts: readonly Part[] = [
    { type: 'reasoning', text: 'First, ' },
    { type: 'reasoning', text: 'then.' },
    SEARCH,
    { type: 'reasoning', text: 'Last.' },
  ];
  expect(thoughtsOf(parts).join('')).toBe('First, then.\n\nLast.');
});
