import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { replayResultShape } from '#lab/lab.schema.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import type { ReplayReport } from '#traffic/replay-trace.ts';
import { Installation } from './installation.ts';

/** Recorded traffic of real services goes through the gateway; the lab then reproduces what was booked. */

const traces = fileURLToPath(new URL('../../../shared/data/traces', import.meta.url));
const isThere = existsSync(traces);
if (!isThere) console.log(`recorded traces: not replayed, since ${traces} is not there`);

/** Faster than recorded, so that requests of one customer overlap and end late. */
const SENT = [
  ['azure-2023', 'azure-llm-2023/AzureLLMInferenceTrace_conv.csv', 200, 100],
  ['mooncake', 'mooncake/conversation_trace.jsonl', 100, 10],
] as const;

test.skipIf(!isThere)(
  'requests of recorded traces are replayed to the nano-dollar',
  async () => {
    const directory = temporaryDirectory();
    onTestFinished(() => directory[Symbol.dispose]());
    await using installation = await Installation.start({
      dataDir: join(directory.path, 'data'),
      environment: { BREAKEVEN_SIMULATOR: 'on' },
    });
    let served = 0;
    for (const [format, file, limit, speed] of SENT) {
      const report = await installation.ask<ReplayReport>(
        'replay',
        join(traces, file),
        '--format',
        format,
        '--book',
        'test',
        '--customers',
        '20',
        '--limit',
        String(limit),
        '--speed',
        String(speed),
      );
      expect(report.requests).toBe(limit);
      served += report.served;
    }
    const { oracle, total } = replayResultShape.parse(
      await installation.ask('lab', 'replay', '--book', 'test'),
    );
    expect(oracle).toMatchObject({
      exact: true,
      uncomparable: 0,
      differingDecisions: 0,
      differingCharges: 0,
    });
    expect(oracle.compared).toBeGreaterThanOrEqual(served);
    expect(total.before.served).toBe(served);
    expect(BigInt(total.before.cost)).toBeGreaterThan(0n);
  },
  600_000,
);
