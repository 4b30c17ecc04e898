import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ModelPrice, Provider } from '@pydantic/genai-prices';
import { GENAI_PROVIDERS, readGenaiPrices } from './genai-prices.ts';
import { diffPrices } from './import-prices.ts';
import { PriceBook } from './price-book.ts';

const COMPARISON = new URL(
  '../../../shared/data/prices/comparison-25-models.json',
  import.meta.url,
);
const NOW = Date.parse('2026-11-24T00:00:00Z');

function imported(prices: Provider['models'][number]['prices'], id = 'm') {
  const model = { id, match: { equals: id }, prices };
  const provider: Provider = { id: 'openai', name: 'OpenAI', api_pattern: '', models: [model] };
  return readGenaiPrices({ providers: ['openai'], find: () => provider });
}
const reasons = (prices: ModelPrice): string =>
  imported(prices)
    .refused.flatMap((model) => model.reasons)
    .join('; ');

describe('the table that is installed', () => {
  const table = readGenaiPrices({ providers: GENAI_PROVIDERS });

  test('is read nearly whole, and what is left out has a reason', () => {
    expect(table.source).toMatch(/^@pydantic\/genai-prices \d/);
    expect(table.models.length).toBeGreaterThan(1000);
    expect(table.refused.length).toBeLessThan(250);
    expect(table.refused.every((model) => model.reasons.length > 0)).toBe(true);
  });

  test('keeps its borders exclusive, as they are', () => {
    const sol = table.models.find(
      ({ supplier, model }) => supplier === 'openai' && model === 'gpt-6-sol',
    );
    expect(
      sol?.versions[0]?.serviceTiers['standard']?.map((tier) => [
        tier.aboveInputTokens,
        tier.rates.input,
      ]),
    ).toEqual([
      [0, 2_000_000],
      [272_000, 4_000_000],
    ]);
  });

  test('turns start dates into versions and hours into windows', () => {
    const flash = table.models.find(({ model }) => model === 'deepseek-v4-flash');
    expect(
      flash?.versions.map(({ effectiveFromMs, dayWindows }) => [
        effectiveFromMs,
        dayWindows.length,
      ]),
    ).toEqual([
      [0, 0],
      [Date.parse('2026-08-17T00:00:00Z'), 2],
    ]);
    expect(flash?.versions[1]?.dayWindows[0]).toMatchObject({ fromSecond: 3600, toSecond: 14_400 });
  });

  test('changes nothing when it is imported twice', () => {
    const book = new PriceBook(table.models.flatMap(({ versions }) => versions));
    expect(diffPrices(book, table, NOW)).toMatchObject({ added: [], changed: [], publish: [] });
  });

  test.skipIf(!existsSync(COMPARISON))(
    'agrees with the comparison of four tables, but for what is listed',
    () => {
      const rows = JSON.parse(readFileSync(COMPARISON, 'utf8')) as [
        string,
        [number, number, number | null] | null,
      ][];
      const disagreements = rows.flatMap(([name, column]) => {
        const slash = name.indexOf('/');
        const book = new PriceBook(
          table.models.flatMap(({ versions }) => versions),
          table.models.flatMap(({ supplier, names }) =>
            names.map((rule) => ({ ...rule, supplier })),
          ),
        );
        const supplier = name.slice(0, slash);
        const model = book.modelOf(supplier, name.slice(slash + 1));
        const version = model === undefined ? undefined : book.at(supplier, model, NOW);
        if (version === undefined || column === null) return [name];
        // Peak hours, where a price has them, are what the comparison shows.
        const tables = [
          version.serviceTiers,
          ...version.dayWindows.map((window) => window.serviceTiers),
        ];
        const said = tables.map((tiers) => {
          const rates = tiers['standard']?.[0]?.rates;
          return [rates?.input, rates?.output].join();
        });
        return said.includes(
          [column[0], column[1]].map((dollars) => Math.round(dollars * 1e6)).join(),
        )
          ? []
          : [name];
      });
      expect(disagreements).toEqual([]);
    },
  );
});

describe('what is refused by name', () => {
  test.each<[string, ModelPrice, string]>([
    ['a negative price', { input_mtok: -1, output_mtok: 1 }, 'input is negative'],
    ['no price', {}, 'no price'],
    ['zero for everything', { input_mtok: 0, output_mtok: 0 }, 'every rate is zero'],
    ['a token above $0.01', { input_mtok: 10_001 }, 'input is above $0.01'],
    [
      'a search above $10',
      { input_mtok: 1, web_searches_kcount: 10_001 },
      'web_searches is above $10',
    ],
    [
      'cached dearer than fresh',
      { input_mtok: 1, cache_read_mtok: 2 },
      'input_cached is dearer than input',
    ],
    ['a fraction of a pico-dollar', { input_mtok: 1 / 3 }, 'no whole number of pico-dollars'],
    ['a unit we do not meter', { input_mtok: 1, audio_hours: 1 }, 'audio_hours is no unit'],
    ['output alone', { output_mtok: 1 }, 'input has none'],
    [
      'rates that fall with the context',
      { input_mtok: { base: 3, tiers: [{ start: 9, price: 1 }] } },
      'falls by more than half',
    ],
  ])('%s', (_name, prices, words) => {
    expect(reasons(prices)).toContain(words);
  });

  test('a provider that the table does not have', () => {
    expect(readGenaiPrices({ providers: ['nobody'] }).refused).toEqual([
      { supplier: 'nobody', model: '*', reasons: [expect.stringContaining('no provider nobody')] },
    ]);
  });
});

describe('diffPrices', () => {
  const before = imported({ input_mtok: 1, output_mtok: 2 });
  const book = new PriceBook(before.models.flatMap(({ versions }) => versions));

  test('shows each figure, old and new, and takes effect now', () => {
    const diff = diffPrices(book, imported({ input_mtok: 1.5, output_mtok: 2 }), NOW);
    expect(diff.changed[0]?.effectiveFromMs).toBe(NOW);
    expect(diff.changed[0]?.changes.find(({ unit }) => unit === 'input')).toEqual({
      where: '',
      unit: 'input',
      fromPicoUsd: 1_000_000,
      toPicoUsd: 1_500_000,
    });
    expect(diff.publish).toHaveLength(1);
  });

  test('takes over what is to come at its time', () => {
    const later = imported([
      { prices: { input_mtok: 1, output_mtok: 2 } },
      {
        constraint: { type: 'start_date', start_date: '2027-01-01' },
        prices: { input_mtok: 3, output_mtok: 6 },
      },
    ]);
    const diff = diffPrices(book, later, NOW);
    expect(diff.publish.map(({ effectiveFromMs }) => effectiveFromMs)).toEqual([
      Date.parse('2027-01-01T00:00:00Z'),
    ]);
  });

  test('keeps the service tiers that the table does not know', () => {
    const [version] = [...book];
    if (version === undefined) throw new Error('no version');
    const flex = [{ aboveInputTokens: 0, rates: { input: 7 } }];
    const withFlex = new PriceBook([
      { ...version, serviceTiers: { ...version.serviceTiers, flex } },
    ]);
    expect(diffPrices(withFlex, before, NOW).publish).toEqual([]);
    const diff = diffPrices(withFlex, imported({ input_mtok: 2, output_mtok: 2 }), NOW);
    expect(diff.publish[0]?.serviceTiers['flex']).toEqual(flex);
  });

  test('refuses to go behind a price that is already published for later', () => {
    const [version] = [...book];
    if (version === undefined) throw new Error('no version');
    const ahead = new PriceBook([version, { ...version, effectiveFromMs: NOW + 1 }]);
    const diff = diffPrices(ahead, imported({ input_mtok: 2, output_mtok: 2 }), NOW);
    expect(diff.publish).toEqual([]);
    expect(diff.refused[0]?.reasons[0]).toContain('takes effect later');
  });
});
