import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonDocument } from './json-document.ts';
import { pagesOf, type PlaceInTable } from './table-pages.ts';
import { textResponse } from './text-response.ts';

/** A table of so many rows, in pages of so many; it counts how often it was read. */
function tableOf(length: number, page: number) {
  let reads = 0;
  const read = async ({ after, limit = page }: PlaceInTable) => {
    reads++;
    const from = Number(after ?? 0);
    const size = Math.max(0, Math.min(page, limit, length - from));
    const end = from + size;
    return {
      rows: Array.from({ length: size }, (_, at) => from + at),
      next: end < length ? String(end) : null,
    };
  };
  return { read, reads: () => reads };
}

const sizes = [fc.nat(60), fc.integer({ min: 1, max: 20 })] as const;

describe('the pages of a table', () => {
  it('have every row once and in order, or as many as were asked for', () =>
    fc.assert(
      fc.asyncProperty(
        ...sizes,
        fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
        async (length, page, limit) => {
          const pages = await Array.fromAsync(pagesOf(tableOf(length, page).read, { limit }));
          const most = Math.min(length, limit ?? length);
          expect(pages.flat()).toEqual(Array.from({ length: most }, (_, at) => at));
        },
      ),
    ));

  it('are read when they are taken, and not before', async () => {
    const table = tableOf(100, 10);
    const pages = pagesOf(table.read);
    await pages.next();
    await pages.next();
    expect(table.reads()).toBe(2);
  });
});

describe('a long text as an answer', () => {
  const text = async function* (failing: boolean) {
    yield 'one,';
    if (failing) throw new Error('the books are gone');
    yield 'two';
  };

  it('comes whole', async () => {
    expect(await (await textResponse(text(false), {})).text()).toBe('one,two');
  });

  it('breaks off where it cannot go on, and never ends as if it were whole', async () => {
    const answer = await textResponse(text(true), {});
    await expect(answer.text()).rejects.toThrow('the books are gone');
  });

  it('is JSON with every row of its list', () =>
    fc.assert(
      fc.asyncProperty(...sizes, async (length, page) => {
        const list = { name: 'rows', pages: pagesOf(tableOf(length, page).read) };
        const parts = await Array.fromAsync(jsonDocument({ total: 3n, name: 'Kim' }, list));
        expect(JSON.parse(parts.join(''))).toEqual({
          total: '3',
          name: 'Kim',
          rows: Array.from({ length }, (_, at) => at),
        });
      }),
    ));
});
