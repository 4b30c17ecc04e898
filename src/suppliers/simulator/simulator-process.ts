import { parseArgs } from 'node:util';
import { systemClock } from '#base/clock.ts';
import { systemRandom } from '#base/random.ts';
import { NO_LATENCY } from './delivery.ts';
import type { SimulatorScript } from './simulator-script.ts';
import { startSimulator } from './simulator.ts';

/**
 * The simulator in a process of its own, for tests that kill the gateway and ask afterwards what its
 * supplier saw:
 *
 *     node src/suppliers/simulator/simulator-process.ts --log served.jsonl --seed 7 \
 *       --first-token-ms 20 --tokens-per-second 200 --script '[{"misbehave":"no-usage","after":9}]'
 *
 * Prints its origin as the first line of its output and ends on SIGTERM.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      log: { type: 'string' },
      seed: { type: 'string', default: '1' },
      port: { type: 'string', default: '0' },
      script: { type: 'string', default: '[]' },
      'first-token-ms': { type: 'string', default: `${NO_LATENCY.firstTokenMs}` },
      'tokens-per-second': { type: 'string', default: `${NO_LATENCY.tokensPerSecond}` },
    },
  });
  const simulator = await startSimulator({
    clock: systemClock,
    random: systemRandom,
    seed: Number(values.seed),
    port: Number(values.port),
    script: JSON.parse(values.script) as SimulatorScript,
    latency: {
      firstTokenMs: Number(values['first-token-ms']),
      tokensPerSecond: Number(values['tokens-per-second']),
    },
    ...(values.log !== undefined && { logPath: values.log }),
  });
  process.stdout.write(`${simulator.url}\n`);
  process.once('SIGTERM', () => void simulator.close());
}

if (import.meta.main) await main();
