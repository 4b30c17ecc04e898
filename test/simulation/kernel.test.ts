import { expect, it } from 'vitest';
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
    let agreed = 0;
    for (; agreed < runs; agreed++) runInterleaving(firstSeed + agreed);
    expect(agreed).toBe(runs);
  },
  Math.max(120_000, runs * 20),
);
