import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { currentProcess, isRunning, processStarted } from '#db/process-identity.ts';
import { dropRunDatabases, sweepOldDatabases } from './run-database.ts';
import type { TestRun } from './test-run.ts';

const KEEPER_STOP_MS = 30_000;

/**
 * vitest's global set-up: names the run's place and, at its end, leaves nothing behind. The server
 * itself is started by the first test that asks for a database, so that pure tests pay nothing.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env['TEST_DATABASE_URL'];
  const run: TestRun = {
    id: `${Math.floor(Date.now() / 1000)}_${process.pid}`,
    directory: runDirectory(),
    owner: currentProcess(),
    url: url === undefined || url === '' ? null : url,
    keep: process.env['BREAKEVEN_KEEP'] === '1',
  };
  if (run.url !== null) await sweepOldDatabases(run.url);
  project.provide('testRun', run);
  return async () => {
    if (run.keep) {
      process.stdout.write(`test databases kept: ${run.url ?? run.directory}\n`);
      return;
    }
    if (run.url !== null) await dropRunDatabases(run.url, run.id);
    await stopKeeper(run.directory);
    rmSync(run.directory, { recursive: true, force: true });
  };
}

function runDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'breakeven-test-'));
  // Root's PostgreSQL runs under another account, which must be able to pass.
  chmodSync(path, 0o711);
  return path;
}

async function stopKeeper(directory: string): Promise<void> {
  const pid = keeperPid(directory);
  const started = pid === undefined ? undefined : processStarted(pid);
  if (pid === undefined || started === undefined) return;
  process.kill(pid, 'SIGTERM');
  const deadlineMs = performance.now() + KEEPER_STOP_MS;
  while (isRunning({ pid, started }) && performance.now() < deadlineMs) await sleep(20);
}

function keeperPid(directory: string): number | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'keeper.json'), 'utf8')) as number;
  } catch {
    return undefined;
  }
}
