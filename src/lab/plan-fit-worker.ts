import { parentPort, workerData } from 'node:worker_threads';
import type { DatabaseAddress } from '#db/database-address.ts';
import { createPool } from '#db/pool.ts';
import { ownPlanFit, type PlanFitQuestion } from './own-plan-fit.ts';

/** Answers one question and ends: the process that serves requests never waits for a replay. */
const { address, question } = workerData as {
  readonly address: DatabaseAddress;
  readonly question: PlanFitQuestion;
};
const pool = createPool({ address, applicationName: 'breakeven plan fit', sizeMax: 1 });
try {
  const answer = await ownPlanFit(pool, question);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
  parentPort?.postMessage(answer);
} finally {
  await pool.end();
}
