import type { Server } from 'node:net';

/** What a process of the bench tells the runner: one JSON object per line of its output. */
export function tell(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Tells the runner where a server listens. */
export function announcePort(server: Server): void {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  tell({ port: address.port });
}
