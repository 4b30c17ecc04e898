import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addCustomer } from './customer.ts';
import { figures } from './figures.ts';
import { type House, house } from './house.ts';
import { eventually } from './installation.ts';
import { Load, statusCounts } from './load.ts';
import { type Disagreements, NO_DISAGREEMENTS, openRequests, reconcile } from './reconcile.ts';

/**
 * Kills under load, and then: the supplier's own log beside the books. The long runs:
 * `BREAKEVEN_KILLS=50 BREAKEVEN_DATABASE_KILLS=20 npx vitest run test/system/crash.test.ts`
 */
const GATEWAY_KILLS = Number(process.env['BREAKEVEN_KILLS'] ?? 2);
const DATABASE_KILLS = Number(process.env['BREAKEVEN_DATABASE_KILLS'] ?? 1);

const CLIENTS = 24;
/** Answers between two kills: enough that streams, holds and settlements are all under way. */
const ANSWERS_BETWEEN_KILLS = 60;
const ROUND_MS_MAX = 60_000;
const ROUND_TIMEOUT_MS = 30_000;

/** Slow enough that a kill finds most requests at the supplier. */
const SUPPLIER = { firstTokenMs: 40, tokensPerSecond: 400 };

interface Verdict {
  readonly disagreements: Disagreements;
  /** The exit code of the audit. */
  readonly audit: number;
}
const CLEAN: Verdict = { disagreements: NO_DISAGREEMENTS, audit: 0 };

async function underLoad(rounds: number, strike: (home: House) => Promise<void>): Promise<Verdict> {
  await using home = await house(SUPPLIER);
  const { installation, upstream } = home;
  const customers = await Promise.all(
    Array.from({ length: 6 }, () => addCustomer(installation, '1000')),
  );
  let inFlightAtKills = 0;
  await using load = new Load(installation, customers, CLIENTS);
  for (let round = 0; round < rounds; round++) {
    await answersMore(load);
    await sleep((round * 37) % 100);
    inFlightAtKills += load.inFlight;
    await strike(home);
  }
  await answersMore(load);
  const answers = await load.stop();

  await eventually('every hold is resolved', ROUND_MS_MAX, async () =>
    (await openRequests(installation.databaseUrl)) === 0 ? true : undefined,
  );
  // Whoever got a whole answer is charged what it took, however soon after it the gateway was killed.
  const answered = answers.flatMap(({ status, requestId }) =>
    status === 200 && requestId !== undefined ? [requestId] : [],
  );
  const story = await reconcile(installation.databaseUrl, upstream.served(), answered);
  const audit = await installation.command('audit');
  const { disagreements, ...counts } = story;
  figures('kills', { rounds, inFlightAtKills, ...counts, answers: statusCounts(answers) });
  expect(story.estimated).toBeLessThanOrEqual(inFlightAtKills);
  expect(answered.length).toBeGreaterThan(rounds * ANSWERS_BETWEEN_KILLS);
  expect(story.served).toBeGreaterThan(rounds * ANSWERS_BETWEEN_KILLS);
  return { disagreements, audit: audit.code };
}

/** Waits until the clients have had so many successes more. */
async function answersMore(load: Load): Promise<void> {
  const enough = load.succeeded + ANSWERS_BETWEEN_KILLS;
  await eventually('the load is served', ROUND_MS_MAX, async () =>
    load.succeeded >= enough ? true : undefined,
  );
}

describe('kill -9 under load', () => {
  test(
    `of the gateway, ${GATEWAY_KILLS} times`,
    { timeout: 60_000 + GATEWAY_KILLS * ROUND_TIMEOUT_MS },
    async () => {
      const verdict = await underLoad(GATEWAY_KILLS, async ({ installation }) => {
        await installation.kill();
        await installation.start();
      });
      expect(verdict).toEqual(CLEAN);
    },
  );

  test(
    `of PostgreSQL, ${DATABASE_KILLS} times`,
    { timeout: 60_000 + DATABASE_KILLS * ROUND_TIMEOUT_MS },
    async () => {
      const verdict = await underLoad(DATABASE_KILLS, async ({ installation }) => {
        const pid = installation.postmasterPid();
        process.kill(pid, 'SIGKILL');
        await eventually('PostgreSQL is started again', ROUND_MS_MAX, async () => {
          const { ok } = await installation
            .call<{ ok: boolean }>('GET', '/health')
            .catch(() => ({ ok: false }));
          return ok && installation.postmasterPid() !== pid ? true : undefined;
        });
      });
      expect(verdict).toEqual(CLEAN);
    },
  );
});
