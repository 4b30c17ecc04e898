import { parse, stringify } from 'yaml';
import { starterDocument } from '#offer/starter-offer.ts';

/** What the pictured model says: an answer with all that an answer may hold. */
export const QUESTION = 'When does a $200 plan lose money?';
export const ANSWER = `A plan floats while what its subscribers pay is more than what they cost. With a price of **$200** and a cost of $c$ for each request, it breaks even at

$$n = \\frac{200}{c}$$

requests a month. The few who ask far more often decide:

| subscriber | requests | cost | margin |
|---|---:|---:|---:|
| typical | 1,204 | $38.10 | $161.90 |
| busy | 6,120 | $193.60 | $6.40 |
| one in ten | 14,870 | $470.40 | −$270.40 |

Count it from what you recorded, never from an average:

\`\`\`ts
export function margin(price: bigint, costs: readonly bigint[]): bigint {
  return price - costs.reduce((sum, cost) => sum + cost, 0n);
}
\`\`\`

A weekly limit touches 4% of subscribers and brings the plan back above the line.`;

interface Document {
  suppliers: Record<string, object>;
  models: Record<string, object>;
  prices: Record<string, object>;
}

/** The offer that every installation begins with, and one model more, which says it. */
export function shownOffer(url: string): string {
  const offer = parse(starterDocument()) as Document;
  offer.suppliers['studio'] = { name: 'Studio', protocol: 'openai', url: `${url}/v1` };
  offer.models['sea-glass'] = {
    name: 'Sea Glass',
    class: 'standard',
    context: 128_000,
    output: 16_384,
    p99: 800,
    routes: [{ supplier: 'studio' }],
  };
  offer.prices['studio'] = {
    source: 'made up for the pictures',
    effective: '2026-01-01',
    models: { 'sea-glass': { input: '$2', output: '$8' } },
  };
  return stringify(offer);
}
