import fc from 'fast-check';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { GrowingBlocks } from './blocks.ts';
import { Drawn } from './Drawn.tsx';

const PIECES = [
  '# Title\n',
  'Some *words* and `code`. ',
  '\n\n',
  '- item\n',
  '  - inner\n',
  '1. first\n',
  '| a | b |\n|---|--:|\n| 1 | 2 |\n',
  '```ts\nconst a = 1;\n',
  '```\n',
  '> said\n',
  '$$x^2$$\n',
  'price $5 and $7 ',
  '---\n',
  '你好，世界。',
];
const htmlOfAll = (blocks: GrowingBlocks, text: string): string =>
  renderToStaticMarkup(
    createElement(Drawn, { tokens: blocks.of([text]).map(({ token }) => token) }),
  );

describe('blocks of a text that grows', () => {
  it('hold all of it, in order, however it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }), (pieces) => {
        const growing = new GrowingBlocks();
        let text = '';
        for (const piece of pieces) {
          text += piece;
          const blocks = growing.of([text]);
          let at = 0;
          for (const block of blocks) {
            expect(block.at).toBeGreaterThanOrEqual(at);
            const there = text.slice(block.at, block.at + block.raw.length);
            expect(there.replaceAll(/\s/g, ' ').trim()).toBe(
              block.raw.replaceAll(/\s/g, ' ').trim(),
            );
            at = block.at + block.raw.length;
          }
        }
      }),
    );
  });

  it('are drawn at last as if the text had come at once', () => {
    const text =
      '# A\n\nOne **two**.\n\n- a\n  - b\n- c\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n\n```js\nlet a;\n\nlet b;\n```\n\n> q\n> r\n\nLast $E=mc^2$.\n';
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 200 }),
        (steps) => {
          const growing = new GrowingBlocks();
          let at = 0;
          for (const step of steps) growing.of([text.slice(0, (at += step))]);
          expect(htmlOfAll(growing, text)).toBe(htmlOfAll(new GrowingBlocks(), text));
        },
      ),
    );
  });

  it('lose and double nothing, whatever the text is made of', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES, '\t- tab\n', '\r\n', '* x\n\n\ty\n'), {
          maxLength: 25,
        }),
        (pieces) => {
          const growing = new GrowingBlocks();
          let text = '';
          for (const piece of pieces) growing.of([(text += piece)]);
          const letters = (html: string): string => html.replaceAll(/<[^>]*>|\s/g, '');
          expect(letters(htmlOfAll(growing, text))).toBe(
            letters(htmlOfAll(new GrowingBlocks(), text)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('do not depend on how the text is cut into strings, nor on how its lines end', () => {
    const cuts = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }),
        cuts,
        (pieces, sizes) => {
          const text = pieces.join('');
          const growing = new GrowingBlocks();
          // As it grows by the same steps: what is drawn of a text may depend on those, where what comes
          // later makes another block of it.
          const inOne = new GrowingBlocks();
          let texts: readonly string[] = [];
          let at = 0;
          // Now and then another string begins, as in an answer that grows long.
          for (const size of [...sizes, text.length]) {
            const more = text.slice(at, (at += size)).replaceAll('\n', '\r\n');
            texts =
              size % 3 === 0
                ? [...texts, more]
                : [...texts.slice(0, -1), (texts.at(-1) ?? '') + more];
            const there = inOne.of([text.slice(0, at)]).map(({ at: place, raw }) => [place, raw]);
            expect(growing.of(texts).map(({ at: place, raw }) => [place, raw])).toEqual(there);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are read anew where the text is another', () => {
    const growing = new GrowingBlocks();
    growing.of(['One.\n\nTw', 'o.']);
    expect(growing.of(['One.\n\nNo.']).map(({ raw }) => raw.trim())).toEqual(['One.', 'No.']);
  });

  it('are the same objects but for the last', () => {
    const growing = new GrowingBlocks();
    const before = growing.of(['One.\n\nTwo.\n\nThr']);
    const after = growing.of(['One.\n\nTwo.\n\nThree.']);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toBe(before[2]);
  });

  it('know code that has no end yet', () => {
    const open = (text: string): boolean | undefined =>
      new GrowingBlocks().of([text]).at(-1)?.isOpen;
    expect(open('```ts\nlet a;')).toBe(true);
    expect(open('```ts\nlet a;\n``')).toBe(true);
    expect(open('```ts\nlet a;\n```')).toBe(false);
    expect(open('Words.')).toBe(false);
  });

  it('take money for money and formulas for formulas', () => {
    const html = (text: string): string => htmlOfAll(new GrowingBlocks(), text);
    expect(html('It costs $5 and $7 a month.')).not.toContain('math');
    expect(html('So $a+b$ is.')).toContain('data-formula="a+b"');
    expect(html('\\[x\\]\n')).toContain('data-display="true"');
  });
});
