import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exactnessTable, withExactnessTable } from './exactness-table.ts';
import { USAGE_FIXTURES } from './fixtures/usage-fixtures.ts';

const DOCUMENT = new URL('../../docs/exactness.md', import.meta.url);

test('docs/exactness.md says what the decoders do; UPDATE_DOCS=1 writes it anew', () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  const updated = withExactnessTable(document, exactnessTable(USAGE_FIXTURES));
  // oxlint-disable-next-line no-restricted-globals -- a switch of the test itself, not of the product
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(DOCUMENT, updated);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(updated);
});

test('a decoder that reads a fixture wrongly stands out in the table', () => {
  const [first] = USAGE_FIXTURES;
  const wrong = { ...first!, expected: [{ units: { input: 1 } }] };
  expect(exactnessTable([wrong])).toContain('**');
  expect(exactnessTable(USAGE_FIXTURES)).not.toContain('**');
});
