import { stringify } from 'yaml';

/**
 * What the system tests sell: one supplier, models with the prices of the vectors, and a plan that is
 * paid from bought credits alone, so that a budget is exactly what was bought.
 */
export function testOffer(upstreamUrl: string): string {
  const model = { class: 'standard', context: 128_000, output: 16_384, p99: 200 };
  const routes = [{ supplier: 'vendor' }];
  const flat = (price: string) => ({ input: '$0', output: '$0', requests: price });
  return stringify({
    breakeven: 1,
    suppliers: { vendor: { name: 'Vendor', protocol: 'openai', url: `${upstreamUrl}/v1` } },
    models: {
      'ten-cents': { ...model, routes },
      'seventy-five-cents': { ...model, routes },
      'five-dollars': { ...model, routes },
      talker: { ...model, routes },
    },
    prices: {
      vendor: {
        source: 'made up for the tests',
        effective: '2026-01-01',
        models: {
          'ten-cents': flat('$0.10'),
          'seventy-five-cents': flat('$0.75'),
          'five-dollars': flat('$5'),
          talker: { input: '$1', output: '$10' },
        },
      },
    },
    plans: {
      wallet: {
        price: '$0',
        classes: { standard: 1 },
        billing: 'metered',
        tariff: 'cost',
        gates: [
          {
            id: 'exposure',
            limit: '$1,000,000 of cost',
            window: 'billing period',
            'when full': 'refuse',
          },
        ],
      },
    },
  });
}
