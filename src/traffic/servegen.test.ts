import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { starterOffer } from '#offer/starter-offer.ts';
import { CALIBRATIONS, type CalibrationName } from './calibration.ts';
import { SIMULATED_MODELS } from './demo-request.ts';
import { readServegen } from './servegen-clients.ts';
import { SIMULATED_PRICES } from './servegen-csv.ts';
import { servegenRequests, servegenSubscribers, sigmaOf } from './servegen-population.ts';

const folder = fileURLToPath(new URL('../../../shared/data/traces/servegen', import.meta.url));
const isThere = existsSync(folder);
if (!isThere) console.log('skipped: the client data of ServeGen is not beside the project');

describe.skipIf(!isThere)('subscribers made of ServeGen’s clients', () => {
  let data: ReturnType<typeof readServegen>;
  // Not read where the tests are skipped: a skipped description is still gone through.
  beforeAll(() => {
    data = readServegen(folder);
  });
  const of = (calibration: CalibrationName, seed = 1, subscribers = 1000) =>
    servegenSubscribers(data, { subscribers, calibration, seed, prices: SIMULATED_PRICES });

  it('have the spread of the clients, which is the published one', () => {
    expect(data.clients.length).toBe(386);
    expect(sigmaOf(data.clients)).toBeGreaterThan(2.15);
    expect(sigmaOf(data.clients)).toBeLessThan(2.7);
    const volumes = of('typical').map(({ rhythm }) => rhythm.level);
    const total = volumes.reduce((sum, each) => sum + each, 0);
    const top = volumes.toSorted((a, b) => b - a).slice(0, volumes.length / 10);
    const share = top.reduce((sum, each) => sum + each, 0) / total;
    expect(share).toBeGreaterThan(0.49);
    expect(share).toBeLessThan(0.9);
  });

  it('reach the caps as often as the calibration says, and never pass them', () => {
    for (const calibration of Object.keys(CALIBRATIONS) as CalibrationName[]) {
      const dollars = of(calibration).map((each) => each.dollarsPerMonth);
      const atCaps = dollars.filter((each) => each >= 8_000).length / dollars.length;
      // The clients are 386, so that one in a thousand of them is none.
      expect(atCaps).toBeLessThan(3 * CALIBRATIONS[calibration].proAtCapsShare + 0.002);
      const least = calibration === 'light' ? -1 : CALIBRATIONS[calibration].proAtCapsShare / 3;
      expect(atCaps).toBeGreaterThan(least);
      expect(Math.max(...dollars)).toBeLessThanOrEqual(14_000);
    }
  });

  it('send what they are expected to, in order, the same for the same seed', () => {
    const options = { days: 30, seed: 3, endMs: Date.UTC(2026, 10, 1) };
    const subscribers = of('light', 3, 40);
    let requests = 0;
    let dollars = 0;
    for (const [index, subscriber] of subscribers.entries()) {
      let lastMs = options.endMs - 30 * 86_400_000;
      for (const each of servegenRequests(subscriber, index, options)) {
        if (each.atMs < lastMs) throw new Error('requests come in the order of time');
        lastMs = each.atMs;
        requests++;
        const { input, output } = SIMULATED_PRICES[each.className];
        dollars += each.input * input + each.output * output;
        if (each.reasoning > each.output) throw new Error('thinking is inside the output');
      }
      expect(lastMs).toBeLessThan(options.endMs);
    }
    const expected = subscribers.reduce((sum, each) => sum + each.dollarsPerMonth, 0);
    expect(requests).toBeGreaterThan(1000);
    // Two weeks are repeated, and the last two days of thirty begin them anew.
    expect(dollars / expected).toBeGreaterThan(0.7);
    expect(dollars / expected).toBeLessThan(1.3);
    const [first] = servegenRequests(subscribers[0] ?? fail(), 0, options);
    const [again] = servegenRequests(of('light', 3, 40)[0] ?? fail(), 0, options);
    expect(again).toEqual(first);
  });
});

it('are priced as the starter’s simulated models are', () => {
  const { prices } = starterOffer();
  for (const [name, { input, output }] of Object.entries(SIMULATED_PRICES)) {
    const model = SIMULATED_MODELS[name as keyof typeof SIMULATED_MODELS];
    const rates = prices.find((price) => price.model === model)?.serviceTiers['standard']?.[0]
      ?.rates;
    expect({ input: rates?.input, output: rates?.output }).toEqual({
      input: Math.round(input * 1e12),
      output: Math.round(output * 1e12),
    });
  }
});

function fail(): never {
  throw new Error('there is a first subscriber');
}
