import { expect, it } from 'vitest';
import { runStretches } from './stretch-run.ts';

/** As for the kernel: `BREAKEVEN_SIMULATIONS` for the long run, `BREAKEVEN_SIMULATION_SEED` to repeat one. */
const runs = Number(process.env['BREAKEVEN_SIMULATIONS'] ?? 800);
const firstSeed = Number(process.env['BREAKEVEN_SIMULATION_SEED'] ?? 1);

it(
  `lives through stretches as through single requests, on ${runs} random accounts`,
  () => {
    const total = { requests: 0, served: 0, fellBack: 0, refused: 0 };
    for (let run = 0; run < runs; run++) {
      const counts = runStretches(firstSeed + run);
      for (const what of Object.keys(total) as (keyof typeof total)[]) total[what] += counts[what];
    }
    // The others pass their holds, are kept out or have several payers.
    const { requests, served, fellBack, refused } = total;
    expect(served).toBeGreaterThan(requests / 5);
    expect(refused).toBeGreaterThan(requests / 5);
    expect(fellBack).toBeGreaterThan(requests / 200);
  },
  Math.max(120_000, runs * 100),
);
