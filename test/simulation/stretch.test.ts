import { expect, it } from 'vitest';
import { runStretches } from './stretch-run.ts';

/** As for the kernel: `BREAKEVEN_SIMULATIONS` for the long run, `BREAKEVEN_SIMULATION_SEED` to repeat one. */
const runs = Number(process.env['BREAKEVEN_SIMULATIONS'] ?? 3000);
const firstSeed = Number(process.env['BREAKEVEN_SIMULATION_SEED'] ?? 1);

it(
  `lives through stretches as through single requests, on ${runs} random accounts`,
  () => {
    let requests = 0;
    let taken = 0;
    for (let run = 0; run < runs; run++) {
      const counts = runStretches(firstSeed + run);
      requests += counts.requests;
      taken += counts.taken;
    }
    // Most gates of these plans are full most of the time.
    expect(taken).toBeGreaterThan(requests / 5);
  },
  Math.max(120_000, runs * 20),
);
