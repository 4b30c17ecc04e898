import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#base/random.ts';
import { composeText, SIMULATED_LABEL } from './simulated-text.ts';
import { countTokens, splitTokens } from './simulated-tokens.ts';

test('the tokens of any text join to the text again, and count as many', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const tokens = splitTokens(text);
      expect(tokens.join('')).toBe(text);
      expect(countTokens(text)).toBe(tokens.length);
    }),
  );
});

test('a composed text has the tokens asked for, counted on the joined text', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 30), fc.nat(800), (seed, wanted) => {
      const tokens = composeText(seededRandom(seed), wanted);
      expect(tokens).toHaveLength(wanted);
      expect(countTokens(tokens.join(''))).toBe(wanted);
    }),
  );
});

test('every composed text says that it is simulated', () => {
  expect(composeText(seededRandom(1), 40).join('')).toMatch(new RegExp(`^${SIMULATED_LABEL}`));
  expect(composeText(seededRandom(1), 1)).toEqual(['Simulated']);
});

test.each([
  ['one two', 2],
  ['12345', 2],
  ['計量清楚', 4],
  ['a naïve café, 20 €', 6],
  ['', 0],
  ['incomprehensibilities', 2],
])('%s counts as %i', (text, tokens) => {
  expect(countTokens(text)).toBe(tokens);
});
