import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { addressUrl } from '#db/database-address.ts';
import { startEmbeddedServer } from '#db/embedded-server.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { addCustomer } from './customer.ts';
import { figures } from './figures.ts';
import { house, type House } from './house.ts';
import { eventually } from './installation.ts';
import { Load, statusCounts, type SeenAnswer } from './load.ts';
import { type Disagreements, NO_DISAGREEMENTS, openRequests, reconcile } from './reconcile.ts';

/**
 * The store goes away under load, in both ways that there are. The long runs:
 * `BREAKEVEN_OUTAGE_SECONDS=30 npx vitest run test/system/outage.test.ts`
 */
const LONG_SECONDS = Number(process.env['BREAKEVEN_OUTAGE_SECONDS'] ?? 0);
const GONE_SECONDS = LONG_SECONDS || 3;
/** Longer than the gateway waits for a store that says nothing. */
const SILENT_SECONDS = LONG_SECONDS || 8;

const CLIENTS = 24;
const PATIENCE_MS = 60_000;
const SUPPLIER = { firstTokenMs: 40, tokensPerSecond: 400 };

test(
  `PostgreSQL is gone for ${GONE_SECONDS} s: refused with 503 and retry-after, nothing unbooked, recovered by itself`,
  { timeout: 120_000 + GONE_SECONDS * 1_000 },
  async () => {
    using directory = temporaryDirectory();
    const dataDir = join(directory.path, 'server');
    let server = await startEmbeddedServer({ dataDir });
    try {
      await using home = await house({
        ...SUPPLIER,
        environment: { DATABASE_URL: addressUrl(server.address) },
      });
      const verdict = await outage(home, 'gone', async () => {
        await server.stop();
        await sleep(GONE_SECONDS * 1_000);
        server = await startEmbeddedServer({ dataDir });
      });
      expect(verdict).toEqual(CLEAN);
    } finally {
      await server.stop();
    }
  },
);

test(
  `PostgreSQL is silent for ${SILENT_SECONDS} s, its connections open: the same`,
  { timeout: 120_000 + SILENT_SECONDS * 1_000 },
  async () => {
    await using home = await house(SUPPLIER);
    const verdict = await outage(home, 'silent', async () => {
      const stopped = serverProcesses(home.installation.postmasterPid());
      expect(stopped.length).toBeGreaterThan(3);
      signal(stopped, 'SIGSTOP');
      await sleep(SILENT_SECONDS * 1_000).finally(() => signal(stopped, 'SIGCONT'));
    });
    expect(verdict).toEqual(CLEAN);
  },
);

interface Verdict {
  readonly disagreements: Disagreements;
  readonly bookedForTheDead: number;
  readonly withoutRetryAfter: readonly SeenAnswer[];
  readonly unexpected: readonly SeenAnswer[];
  readonly restarts: number;
  /** The exit code of the audit. */
  readonly audit: number;
}
const CLEAN: Verdict = {
  disagreements: NO_DISAGREEMENTS,
  bookedForTheDead: 0,
  withoutRetryAfter: [],
  unexpected: [],
  restarts: 0,
  audit: 0,
};

async function outage(home: House, kind: string, lose: () => Promise<void>): Promise<Verdict> {
  const { installation, upstream } = home;
  const customers = await Promise.all(
    Array.from({ length: 6 }, () => addCustomer(installation, '1000')),
  );
  const gateway = installation.pid;
  await using load = new Load(installation, customers, CLIENTS);
  const servedMore = async (count: number): Promise<void> => {
    const enough = load.succeeded + count;
    await eventually('the load is served', PATIENCE_MS, async () =>
      load.succeeded >= enough ? true : undefined,
    );
  };
  await servedMore(100);
  const before = load.answers.length;
  const beganMs = performance.now();
  await lose();
  const backMs = performance.now();
  const during = load.answers.slice(before);
  await servedMore(100);
  const recoveredMs = performance.now() - backMs;
  const answers = await load.stop();
  await eventually('every hold is resolved', PATIENCE_MS, async () =>
    (await openRequests(installation.databaseUrl)) === 0 ? true : undefined,
  );

  const story = await reconcile(installation.databaseUrl, upstream.served());
  const { disagreements, ...counts } = story;
  const refused = answers.filter(({ status }) => status === 503);
  figures('outage', {
    kind,
    seconds: Math.round((backMs - beganMs) / 1_000),
    during: statusCounts(during),
    all: statusCounts(answers),
    slowestRefusalMs: Math.round(Math.max(0, ...refused.map(({ ms }) => ms))),
    hundredMoreAfterMs: Math.round(recoveredMs),
    ...counts,
  });
  expect(refused.length).toBeGreaterThan(0);
  const audit = await installation.command('audit');
  return {
    disagreements,
    bookedForTheDead: story.diedInFlight,
    withoutRetryAfter: refused.filter(({ retryAfter }) => !(Number(retryAfter) > 0)),
    unexpected: answers.filter(isUnexpected),
    restarts: installation.pid === gateway ? 0 : 1,
    audit: audit.code,
  };
}

/** Success or a refusal; a broken answer would be a request whose fate its client cannot know. */
function isUnexpected({ status }: SeenAnswer): boolean {
  return status !== 200 && status !== 503;
}

/** The server and all its processes: a stopped postmaster alone would leave its backends working. */
function serverProcesses(postmaster: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  const children = lines.flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return pid !== undefined && parent === postmaster ? [pid] : [];
  });
  return [...children, postmaster];
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // A worker that had ended by itself.
    }
  }
}
