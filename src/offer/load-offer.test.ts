import { describe, expect, test } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { compilePlan } from '#plans/compile.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import { loadOffer } from './load-offer.ts';
import { starterOffer } from './starter-offer.ts';

const DOCUMENT = `breakeven: 1
suppliers:
  acme: { protocol: openai, url: https://acme.test/v1/, key: true }
models:
  m:
    class: standard
    context: 128000
    output: 16000
    p99: 2000
    routes: [{ supplier: acme, model: upstream-m }]
prices:
  acme:
    source: its price list
    effective: 2026-01-01
    models:
      upstream-m:
        input: $1.25
        output: $10
        names: [chat-latest, upstream-*]
        long context: [{ above: 200000, input: $2.50 }]
        tiers: { batch: 50% }
plans:
  plus:
    price: $20
    classes: { standard: 1 }
    billing: included
    tariff: cost + 20%
    gates:
      - { id: three-hours, limit: 160 messages, window: 3h, when full: refuse }
`;

/** The message for the document with one text replaced. */
function problemWith(from: string, to: string): string {
  if (!DOCUMENT.includes(from)) throw new Error(`the document has no ${from}`);
  try {
    loadOffer(DOCUMENT.replace(from, to));
    return 'no problem';
  } catch (error) {
    return error instanceof DomainError && error.code === 'invalid_configuration'
      ? error.message
      : `another error: ${String(error)}`;
  }
}

describe('loadOffer', () => {
  const offer = loadOffer(DOCUMENT);

  test('reads suppliers, models and routes', () => {
    expect(offer.suppliers).toEqual([
      {
        id: 'acme',
        displayName: 'acme',
        protocol: 'openai',
        baseUrl: 'https://acme.test/v1',
        keyRef: 'acme',
        enabled: true,
      },
    ]);
    expect(offer.models[0]).toMatchObject({
      name: 'm',
      className: 'standard',
      outputTokensP99: 2000,
    });
    expect(offer.routes[0]).toMatchObject({
      model: 'm',
      supplier: 'acme',
      upstreamModel: 'upstream-m',
    });
  });

  test('reads prices exactly, tiers and names with them', () => {
    const [price] = offer.prices;
    const input = (tier: string) =>
      price?.serviceTiers[tier]?.map(({ aboveInputTokens, rates }) => [
        aboveInputTokens,
        rates.input,
        rates.output,
      ]);
    expect(input('standard')).toEqual([
      [0, 1_250_000, 10_000_000],
      [200_000, 2_500_000, 10_000_000],
    ]);
    expect(input('batch')).toEqual([
      [0, 625_000, 5_000_000],
      [200_000, 1_250_000, 5_000_000],
    ]);
    expect(price?.serviceTiers['standard']?.[1]?.rates.reasoning).toBe(10_000_000);
    expect(price?.serviceTiers['standard']?.[0]?.rates.web_searches).toBeUndefined();
    expect(offer.priceNames).toEqual([
      { supplier: 'acme', kind: 'exact', text: 'chat-latest', model: 'upstream-m' },
      { supplier: 'acme', kind: 'prefix', text: 'upstream-', model: 'upstream-m' },
    ]);
  });

  test('reads plans', () => {
    expect(offer.plans[0]).toMatchObject({
      plan: 'plus',
      priceNanoUsd: 20_000_000_000,
      tariff: { kind: 'markup', perMille: 1200 },
      gates: [
        {
          id: 'three-hours',
          unit: 'messages',
          limit: 160_000,
          window: { kind: 'rolling', seconds: 10_800 },
        },
      ],
    });
  });

  test.each([
    ['breakeven: 1', 'breakeven: 2', 'line 1, breakeven: the first line names the version'],
    ['price: $20', 'price: 20', 'line 24, plans.plus.price:'],
    ['price: $20', 'price: twenty', 'line 24, plans.plus.price: "twenty" is no amount of dollars'],
    ['price: $20', 'prize: $20', 'line 24, plans.plus.prize: there is no such field'],
    ['limit: 160 messages', 'limit: 160', 'line 29, plans.plus.gates[0].limit: '],
    [
      'window: 3h',
      'window: 3 moons',
      'line 29, plans.plus.gates[0].window: "3 moons" is no window',
    ],
    [
      'when full: refuse',
      'when full: fall back to fast',
      'line 29, plans.plus.gates[0].when full.to:',
    ],
    [
      'when full: refuse',
      'when full: overage',
      'line 29, plans.plus.gates[0].when full.do: overage',
    ],
    [
      'classes: { standard: 1 }',
      'classes: { fast: 1 }',
      'line 25, plans.plus.classes.fast: no model is of class fast',
    ],
    [
      'supplier: acme,',
      'supplier: acne,',
      'line 10, models.m.routes[0].supplier: there is no supplier acne',
    ],
    ['p99: 2000', 'p99: 20000', 'line 9, models.m.p99: it is above output'],
    ['input: $1.25', 'input: $-1.25', 'line 17, prices.acme.models.upstream-m.input: '],
    ['input: $1.25', 'input: $0.0000001', 'is no whole number of pico-dollars per token'],
    [
      'input: $1.25',
      'imput: $1.25',
      'line 17, prices.acme.models.upstream-m.imput: there is no such field',
    ],
    [
      'input: $1.25',
      'input: $0.000001',
      'line 21, prices.acme.models.upstream-m.tiers.batch: input comes to no whole',
    ],
    ['above: 200000,', '', 'line 20, prices.acme.models.upstream-m.long context[0]: give either'],
    ['  acme: { protocol', '  acme: { protocol: x }\n  acme: { protocol', 'line 4: '],
    ['suppliers:', 'suppliers: [', 'line 4: '],
  ])('%s → %s names the line and the field', (from, to, words) => {
    expect(problemWith(from, to)).toContain(words);
  });

  test('tells every problem at once', () => {
    const message = problemWith('price: $20', 'price: x\n    queue: y');
    expect(message.split('\n').length).toBe(2);
  });

  test('an alias bomb is no offer', () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d, *d, *d]`;
    expect(() => loadOffer(bomb)).toThrow(DomainError);
  });
});

describe('the starter document', () => {
  const offer = starterOffer();

  test('has the five plans, and each compiles', () => {
    expect(offer.plans.map(({ plan }) => plan)).toEqual(['free', 'plus', 'pro', 'max', 'payg']);
    for (const terms of offer.plans) {
      const plan = parsePlanVersion({ ...terms, id: terms.plan, version: 1 });
      expect(compilePlan(plan).classNames).toEqual(terms.classes.map(({ name }) => name));
      // An unlimited plan still has a bound on what a customer can cost.
      expect(terms.gates.some(({ unit, scope }) => unit === 'cost' && scope === 'customer')).toBe(
        true,
      );
    }
  });

  test('prices every route, and simulated models without a key', () => {
    const priced = new Set(offer.prices.map(({ supplier, model }) => `${supplier}/${model}`));
    for (const { supplier, upstreamModel } of offer.routes)
      expect(priced).toContain(`${supplier}/${upstreamModel}`);
    const simulated = offer.routes
      .filter(({ supplier }) => supplier === 'simulator')
      .map(({ model }) => model);
    expect(simulated).toEqual(['sim-fast', 'sim-standard', 'sim-reasoning', 'sim-embedding']);
  });
});

describe('own rates', () => {
  const OWN = DOCUMENT.replace('tariff: cost + 20%', 'tariff: prices of retail').replace(
    'plans:\n',
    `rates:
  retail:
    effective: 2026-02-01
    models:
      m: { input: $3, output: $15, effective: 2026-03-01 }
plans:
`,
  );
  const problem = (from: string, to: string): string => {
    try {
      loadOffer(OWN.replace(from, to));
      return 'no problem';
    } catch (error) {
      return (error as DomainError).message;
    }
  };

  test('are prices under the public names of models, kept apart from every supplier', () => {
    const { plans, prices, suppliers } = loadOffer(OWN);
    expect(plans[0]?.tariff).toEqual({ kind: 'rates', table: 'retail' });
    const own = prices.filter(({ supplier }) => !suppliers.some(({ id }) => id === supplier));
    expect(own).toMatchObject([
      {
        supplier: 'rates/retail',
        model: 'm',
        effectiveFromMs: Date.UTC(2026, 2, 1),
        source: 'own rates',
        serviceTiers: { standard: [{ rates: { input: 3_000_000, output: 15_000_000 } }] },
      },
    ]);
  });

  test('must be there, for every model that the plan serves, and have no other names', () => {
    expect(problem('prices of retail', 'prices of wholesale')).toContain(
      'plans.plus.tariff: there are no rates wholesale',
    );
    expect(problem('      m: { input: $3', '      other: { input: $3')).toContain(
      'plans.plus.tariff: the rates retail have none for m',
    );
    expect(problem('{ input: $3', '{ names: [x], input: $3')).toContain(
      'rates.retail.models.m.names: there is no such field',
    );
    expect(problem('{ input: $3', '{ input: $-3')).toContain('rates.retail.models.m.input');
  });
});

describe('usage of a compatible supplier', () => {
  const COMPATIBLE = DOCUMENT.replace(
    'protocol: openai,',
    'protocol: openai-compatible, usage: xai-chat,',
  );

  test('reads as the operator says', () => {
    expect(loadOffer(COMPATIBLE).suppliers[0]).toMatchObject({
      protocol: 'openai-compatible',
      usage: 'xai-chat',
    });
    expect(loadOffer(DOCUMENT).suppliers[0]).not.toHaveProperty('usage');
  });

  test('is refused by name where it is none, or where the protocol says it', () => {
    expect(problemWith('protocol: openai,', 'protocol: openai-compatible, usage: grok,')).toContain(
      'suppliers.acme.usage: Invalid option: expected one of "openai-chat"|',
    );
    expect(problemWith('protocol: openai,', 'protocol: groq, usage: deepseek,')).toContain(
      'suppliers.acme.usage: the protocol groq says how its usage reads',
    );
  });
});
