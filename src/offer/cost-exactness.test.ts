import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { calcPrice } from '@pydantic/genai-prices';
import { describe, expect, test } from 'vitest';
import { namedId } from '#base/id.ts';
import { formatUsd } from '#base/money.ts';
import { readGenaiPrices } from '#catalog/genai-prices.ts';
import { PriceBook } from '#catalog/price-book.ts';
import { serviceTierIn } from '#catalog/service-tier.ts';
import { usageMeter } from '#metering/usage-meter.ts';
import { usageOf } from '#metering/usage.ts';
import { costOf, type PriceOf } from '#pricing/cost.ts';
import { COST_CASES as WRITTEN, type CostCase } from './cost-cases.ts';
import { RECORDED_COST_CASES } from './recorded-cost-cases.ts';
import { starterOffer } from './starter-offer.ts';
import { TOOL_COST_CASES } from './tool-cost-cases.ts';
import { XAI_COST_CASES } from './xai-cost-cases.ts';

const COST_CASES = [...WRITTEN, ...TOOL_COST_CASES, ...RECORDED_COST_CASES, ...XAI_COST_CASES];
const DOCUMENT = new URL('../../docs/exactness-cost.md', import.meta.url);
const NOON = '2026-11-24T12:00:00Z';
const offer = starterOffer();
const book = new PriceBook(
  offer.prices.map((price) => ({
    ...price,
    id: namedId('priceVersion', `${price.supplier}/${price.model}`),
  })),
  offer.priceNames,
);

function priceOf(prices: PriceBook, supplier: string, atMs: number): PriceOf {
  return (name, tier) => {
    const model = name === undefined ? undefined : prices.modelOf(supplier, name);
    const price = model === undefined ? undefined : prices.at(supplier, model, atMs);
    return price && { price, serviceTier: serviceTierIn(price.serviceTiers, tier) };
  };
}

/** The sum on paper in picos, rounded half to even to nanos; shares no code with the product. */
function onPaper({ sum }: CostCase): bigint {
  let picos = 0n;
  for (const [count, dollars, per] of sum) {
    const [whole = '0', fraction = ''] = dollars.split('.');
    const decimals = per === 'million' ? 6 : 12;
    picos += BigInt(count) * BigInt(whole + fraction.padEnd(decimals, '0'));
  }
  const rest = picos % 1000n;
  const nanos = picos / 1000n;
  return nanos + (rest > 500n || (rest === 500n && nanos % 2n === 1n) ? 1n : 0n);
}

function got({ supplier, dialect, body, at = NOON }: CostCase) {
  const meter = usageMeter(dialect);
  meter.body(body);
  const metering = meter.finish();
  if (metering === undefined) throw new Error('no usage');
  const atMs = Date.parse(at);
  return costOf({ metering, priceOf: priceOf(book, supplier, atMs), atMs });
}

describe('the cost of a vendor’s response', () => {
  test.each(COST_CASES)('$vendor: $trap', (one) => {
    const cost = got(one);
    expect(cost.unpriced).toEqual([]);
    expect(BigInt(cost.nanoUsd)).toBe(onPaper(one));
  });

  test.each(COST_CASES.filter(({ stated }) => stated !== undefined))(
    '$vendor said $stated',
    ({ stated = '', ...one }) => {
      const unit = 10 ** -(stated.split('.')[1]?.length ?? 0);
      expect(Math.abs(got(one).nanoUsd / 1e9 - Number(stated))).toBeLessThan(unit);
    },
  );

  test('docs/exactness-cost.md says so; UPDATE_DOCS=1 writes it anew', () => {
    const rows = COST_CASES.map((one) => {
      const sum = one.sum.map(([count, dollars, per]) => {
        return `${count.toLocaleString('en-US')} × $${dollars}${per === 'million' ? '/M' : ''}`;
      });
      const [expected, actual] = [onPaper(one), BigInt(got(one).nanoUsd)].map((nanos) =>
        formatUsd(nanos),
      );
      const same = expected === actual ? 'the same' : `**${actual}**`;
      const stated = one.stated === undefined ? '' : `; it said $${one.stated}`;
      const source = one.recorded === undefined ? '' : ` (recorded: ${one.recorded}${stated})`;
      return `| ${one.vendor} | ${one.trap}${source} | ${sum.join(' + ')} | ${expected} | ${same} |`;
    });
    const text = [
      '# Exactness of costs',
      '',
      'Each row is a response in the vendor’s own shape, read by its decoder (`exactness.md`) and priced at the starter document’s prices (`src/offer/starter/breakeven.yaml`, which names their sources). “On paper” is the sum written out, evaluated apart from the product’s code. Amounts are exact to the nano-dollar, rounded once, half to even. Rows marked “recorded” have the counts of real traffic that others published; what the vendor itself said that it charged agrees to the last decimal that it gave.',
      '',
      '`vitest run src/offer/cost-exactness.test.ts` checks this table; with `UPDATE_DOCS=1` it writes it anew.',
      '',
      '| vendor | trap | on paper | expected | got |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
    // oxlint-disable-next-line no-restricted-globals -- a switch of the test itself, not of the product
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(DOCUMENT, text);
    expect(existsSync(DOCUMENT) && readFileSync(DOCUMENT, 'utf8')).toBe(text);
  });
});

describe('imported prices', () => {
  const table = readGenaiPrices({
    providers: [
      'openai',
      'anthropic',
      'google',
      'x-ai',
      'deepseek',
      'mistral',
      'groq',
      'perplexity',
      'cohere',
    ],
  });
  const imported = new PriceBook(
    table.models.flatMap(({ versions }) => versions),
    table.models.flatMap(({ supplier, names }) => names.map((rule) => ({ ...rule, supplier }))),
  );
  const atMs = Date.parse(NOON);

  test.each([1000, 250_000])(
    'cost what the table’s own calculator says, at %i input tokens',
    (inputTokens) => {
      const usage = { input: inputTokens - 300, input_cached: 300, output: 500, requests: 1 };
      let compared = 0;
      const differing = table.models.flatMap(({ supplier, model }) => {
        const metering = {
          parts: [{ model, serviceTier: undefined, usage: usageOf(usage) }],
          estimated: false,
        };
        const cost = costOf({ metering, priceOf: priceOf(imported, supplier, atMs), atMs });
        const other = theirs(supplier, model, inputTokens);
        if (other === undefined || cost.unpriced.length > 0) return [];
        compared += 1;
        return Math.abs(cost.nanoUsd / 1e9 - other) <= 1e-9
          ? []
          : [`${supplier}/${model}: ${cost.nanoUsd / 1e9} or ${other}`];
      });
      expect(compared).toBeGreaterThan(200);
      expect(differing).toEqual([]);
    },
  );

  function theirs(providerId: string, model: string, inputTokens: number): number | undefined {
    const usage = { input_tokens: inputTokens, cache_read_tokens: 300, output_tokens: 500 };
    try {
      const result = calcPrice(usage, model, { providerId, timestamp: new Date(atMs) });
      return result?.model.id === model ? result.total_price : undefined;
    } catch {
      return undefined;
    }
  }
});
