import { expect, it } from 'vitest';
import { isPdf, pdfText } from './pdf-text.ts';
import { pdfOf } from './testing-pdf.ts';

it('is the text of each page, by its number', async () => {
  const pdf = pdfOf(['The waterline is at zero.', '', 'Below it money is lost.']);
  expect(isPdf(pdf)).toBe(true);
  expect(await pdfText(pdf)).toBe(
    '[Page 1]\nThe waterline is at zero.\n\n[Page 3]\nBelow it money is lost.',
  );
});

it.each([
  ['has no text', pdfOf(['', '']), /may be a scan/],
  [
    'is no PDF behind its first line',
    Buffer.from('%PDF-1.7\nnothing of the kind'),
    /cannot be read/,
  ],
  [
    'has more pages than anybody reads',
    pdfOf(Array.from({ length: 501 }, () => 'x')),
    /at most 500/,
  ],
])('is refused in words where it %s', async (_, content, words) => {
  await expect(pdfText(content)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(words),
  });
});
