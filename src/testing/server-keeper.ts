/**
 * Keeps the PostgreSQL server of one test run: started by the first test that wants a database,
 * ends with the run, however the run ends, and takes its files along.
 *
 * Usage: node server-keeper.ts DIRECTORY OWNER_PID OWNER_STARTED
 */
import { existsSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedServer } from '#db/embedded-server.ts';
import { isRunning } from '#db/process-identity.ts';

const [directory = '', ownerPid = '', ownerStarted = ''] = process.argv.slice(2);
const owner = { pid: Number(ownerPid), started: ownerStarted };
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => ending.abort());

/** The run may be killed without a word to us, so its life is looked at, not waited for. */
async function ownersEnd(): Promise<void> {
  while (!ending.signal.aborted && isRunning(owner)) await sleep(200);
}

function publish(name: string, value: unknown): void {
  const path = join(directory, name);
  writeFileSync(`${path}.new`, JSON.stringify(value));
  renameSync(`${path}.new`, path);
}

try {
  publish('keeper.json', process.pid);
  const server = await startEmbeddedServer({ dataDir: join(directory, 'data'), durable: false });
  publish('address.json', server.administration);
  await ownersEnd();
  await server.stop();
} catch (error) {
  publish('failed.json', String(error));
  await ownersEnd();
}
const elsewhere = join(directory, 'data', 'postgres-home');
// Root below a closed directory: the server's files lie outside.
if (existsSync(elsewhere)) rmSync(readlinkSync(elsewhere), { recursive: true, force: true });
rmSync(directory, { recursive: true, force: true });
