import { it } from 'vitest';
import { runInterleaving } from './kernel-run.ts';

/**
 * `BREAKEVEN_SIMULATIONS=1000000` for the long run; a failure names its seed, and
 * `BREAKEVEN_SIMULATION_SEED=<seed> BREAKEVEN_SIMULATIONS=1` repeats it.
 */
const runs = Number(process.env['BREAKEVEN_SIMULATIONS'] ?? 10_000);
const firstSeed = Number(process.env['BREAKEVEN_SIMULATION_SEED'] ?? 1);

it(
  `decides as the naive reference does, and replays as recorded, in ${runs} interleavings`,
  () => {
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) runInterleaving(seed);
  },
  Math.max(60_000, runs * 20),
);
