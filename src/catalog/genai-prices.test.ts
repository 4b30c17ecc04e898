import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findProvider, type ModelPrice, type Provider } from '@pydantic/genai-prices';
import { GENAI_PROVIDERS, type ImportedPrices, readGenaiPrices } from './genai-prices.ts';
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

function bookOf({ models }: ImportedPrices): PriceBook {
  return new PriceBook(
    models.flatMap(({ versions }) => versions),
    models.flatMap(({ supplier, names }) => names.map((rule) => ({ ...rule, supplier }))),
  );
}

type Logic = Provider['models'][number]['match'];

/** The names and pieces of names that a rule of the table spells. */
function wordsOf(logic: Logic): string[] {
  if ('or' in logic) return logic.or.flatMap(wordsOf);
  if ('and' in logic) return logic.and.flatMap(wordsOf);
  return 'regex' in logic ? [] : Object.values(logic as Record<string, string>);
}

function matches(logic: Logic, name: string): boolean {
  if ('or' in logic) return logic.or.some((part) => matches(part, name));
  if ('and' in logic) return logic.and.every((part) => matches(part, name));
  if ('equals' in logic) return name === logic.equals;
  if ('starts_with' in logic) return name.startsWith(logic.starts_with);
  if ('ends_with' in logic) return name.endsWith(logic.ends_with);
  return 'contains' in logic ? name.includes(logic.contains) : new RegExp(logic.regex).test(name);
}

function ratesIn(book: PriceBook, supplier: string, model: string): string {
  const versions = book.versions(supplier, model);
  return JSON.stringify(versions.map(({ serviceTiers, dayWindows }) => [serviceTiers, dayWindows]));
}

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

  test.each([
    ['google', 'gemini-2.5-pro-preview-06-05', 'gemini-2.5-pro'],
    ['google', 'gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['google', 'gemini-1.5-pro-002', 'gemini-1.5-pro'],
    ['anthropic', 'claude-3-5-sonnet-latest', 'claude-3-5-sonnet'],
    ['openai', 'computer-use-preview-2025-03-11', 'computer-use'],
    ['mistral', 'magistral-medium-latest', 'magistral-medium'],
    ['anthropic', 'claude-sonnet-5-5', undefined],
  ])('knows %s’s %s as the table does', (supplier, name, model) => {
    expect(bookOf(table).modelOf(supplier, name)).toBe(model);
  });

  test('prices no name otherwise than the table’s own rules do', () => {
    const book = bookOf(table);
    const added = ['', '-2025-01-01', '-20250101', '-latest', '-001', '-preview-05-20', '-8b'];
    let known = 0;
    const differing = GENAI_PROVIDERS.flatMap((id) => {
      const models = findProvider({ providerId: id })?.models ?? [];
      const names = models.flatMap((model) => [model.id, ...wordsOf(model.match)]);
      return names
        .flatMap((name) => added.map((end) => name + end))
        .filter((name) => {
          const theirs = models.find(({ match }) => matches(match, name))?.id;
          const ours = book.modelOf(id, name);
          if (ours === undefined || theirs === undefined) return false;
          known += 1;
          return ours !== theirs && ratesIn(book, id, ours) !== ratesIn(book, id, theirs);
        });
    });
    expect(known).toBeGreaterThan(4000);
    expect(differing).toEqual([]);
  });

  test('takes a kind that we meter as another one where both cost the same', () => {
    const deep = table.models.find(({ model }) => model === 'sonar-deep-research');
    expect(deep?.versions.at(-1)?.serviceTiers['standard']?.[0]?.rates).toMatchObject({
      input: 2_000_000,
      reasoning: 3_000_000,
      web_searches: 5_000_000_000,
    });
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
        const book = bookOf(table);
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
