import { expect, test } from 'vitest';
import { completeRates } from '#pricing/price.ts';
import { onlyPrice, testPrice } from '#pricing/testing-prices.ts';
import { supplierOf } from '#suppliers/supplier.ts';
import { quoteRequest } from './quote-request.ts';
import { inspectRequest } from './wire/inspect.ts';

const rates = { input: 1_000_000, output: 1_000_000 };
const DOLLAR = 1_000_000_000_000;
const price = testPrice({
  standard: [
    { aboveInputTokens: 0, rates: completeRates({ ...rates, web_searches: DOLLAR / 100 }) },
  ],
  'search-preview': [
    { aboveInputTokens: 0, rates: completeRates({ ...rates, web_searches: DOLLAR / 40 }) },
  ],
});
const route = {
  id: 'r',
  supplier: supplierOf({ name: 'openai', protocol: 'openai', baseUrl: 'https://api.example.com' }),
  model: 'gpt-4.1',
  prices: [price],
  priceOf: onlyPrice(price),
};
const model = {
  name: 'gpt-4.1',
  className: 'standard',
  contextTokens: 8000,
  outputTokensMax: 100,
  outputTokensP99: 100,
  thinksUnseen: false,
  routes: [route],
};

/** Nano-dollars that are held for a request which may search four times. */
function held(tool: string): number {
  const tools = [{ type: tool }];
  const body = { model: 'gpt-4.1', input: 'hi', max_output_tokens: 1, max_tool_calls: 4, tools };
  const facts = inspectRequest('openai-responses', body, 1000);
  const basis = { kind: 'markup', perMille: 1000 } as const;
  return quoteRequest(facts, { model, routes: [route] }, basis).amounts(1).costNanoUsd;
}

test('what is held for searches by the preview tool covers what those may cost', () => {
  // A cent and a half more for each.
  expect(held('web_search_preview') - held('web_search')).toBe(4 * 15_000_000);
});
