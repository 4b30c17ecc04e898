import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { controlSocketPath } from '../src/http/control-socket.ts';
import { Child } from './child.ts';
import { OperatorDoor } from './operator-door.ts';
import type { StartTarget, TargetCheck } from './target.ts';

/**
 * Breakeven as it ships: its own PostgreSQL with fsync on, the starter offer with the mock upstream
 * as one more supplier, and 10,000 customers on the Pro plan, each with a key. Everything is set up
 * by the operator's API over the control socket, as the command line does it.
 */

const CUSTOMERS = 10_000;
const PLAN = 'pro';
const MODEL = 'bench-model';
const ROOT = new URL('../', import.meta.url).pathname;
const READY_TRIES = 300;
/** Settlements of the last answers may still be on their way when the load ends. */
const SETTLED_TRIES = 50;

interface AuditedBook {
  readonly book: string;
  readonly ok: boolean;
  readonly figures: { readonly events: number; readonly openHolds: number };
  readonly differenceCounts: Readonly<Record<string, number>>;
}

export const startBreakeven: StartTarget = async ({ upstreamUrl, directory }) => {
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const child = new Child('breakeven', [process.execPath, join(ROOT, 'bin/breakeven'), 'start'], {
    ...process.env,
    PORT: '0',
    DATA_DIR: dataDir,
    BREAKEVEN_SIMULATOR: 'off',
    BREAKEVEN_WEB: 'off',
    BREAKEVEN_LOG_LEVEL: 'error',
  });
  const door = new OperatorDoor(controlSocketPath(dataDir));
  const url = await ready(door, child);
  await door.call('POST', '/offer/apply', { document: benchOffer(upstreamUrl) });
  const secrets = await subscribedKeys(door);
  let events = (await audited(door)).figures.events;
  return {
    name: 'breakeven',
    url,
    path: '/v1/chat/completions',
    model: MODEL,
    headers: secrets.map((secret) => ({ authorization: `Bearer ${secret}` })),
    pids: () => [child.pid],
    async check(served) {
      const books = await settled(door, events + served);
      const booked = books.figures.events - events;
      events = books.figures.events;
      return checksOf(books, served, booked);
    },
    async close() {
      await door.close();
      await child.stop();
    },
  };
};

/** @throws Error with the server's last words where it ends before it answers */
async function ready(door: OperatorDoor, child: Child): Promise<string> {
  const failed = child.failed();
  failed.catch(() => undefined);
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const health = door.call<{ url: string }>('GET', '/health').catch(() => undefined);
    const found = await Promise.race([health, failed]);
    if (found) return found.url;
    await Promise.race([sleep(100), failed]);
  }
  throw new Error('breakeven is not ready');
}

/** The shipped offer and one more supplier, model and price; its plans stay as they are. */
function benchOffer(upstreamUrl: string): string {
  const text = readFileSync(join(ROOT, 'src/offer/starter/breakeven.yaml'), 'utf8');
  const offer = parse(text) as Record<'suppliers' | 'models' | 'prices', Record<string, object>>;
  offer.suppliers['bench'] = { protocol: 'openai', url: `${upstreamUrl}/v1` };
  offer.models[MODEL] = {
    class: 'standard',
    context: 256_000,
    output: 32_768,
    p99: 400,
    routes: [{ supplier: 'bench' }],
  };
  offer.prices['bench'] = {
    source: 'made up for the bench',
    effective: '2026-01-01',
    models: { [MODEL]: { input: '$2.50', input_cached: '$0.25', output: '$10' } },
  };
  return stringify(offer);
}

/** Adds the customers. @returns one secret of each */
async function subscribedKeys(door: OperatorDoor): Promise<string[]> {
  const secrets: string[] = [];
  let next = 0;
  const worker = async () => {
    while (next < CUSTOMERS) {
      const name = `Customer ${next++}`;
      const customer = await door.call<{ id: string }>('POST', '/customers', { name, plan: PLAN });
      const key = await door.call<{ secret: string }>('POST', `/customers/${customer.id}/keys`, {
        name: 'bench',
      });
      secrets.push(key.secret);
    }
  };
  await Promise.all(Array.from({ length: OperatorDoor.CONNECTIONS }, worker));
  return secrets;
}

async function audited(door: OperatorDoor): Promise<AuditedBook> {
  const { books } = await door.call<{ books: AuditedBook[] }>('POST', '/audit', { book: 'live' });
  const [live] = books;
  if (!live) throw new Error('the audit tells nothing of the live book');
  return live;
}

/** Audits until every answer is booked and no hold is open, or patience ends. */
async function settled(door: OperatorDoor, events: number): Promise<AuditedBook> {
  for (let tries = 0; ; tries++) {
    const books = await audited(door);
    const done = books.figures.events >= events && books.figures.openHolds === 0;
    if (done || tries === SETTLED_TRIES) return books;
    await sleep(100);
  }
}

function checksOf(books: AuditedBook, served: number, booked: number): TargetCheck[] {
  const differences = Object.entries(books.differenceCounts).filter(([, count]) => count > 0);
  return [
    { name: 'audit', ok: books.ok, detail: JSON.stringify(Object.fromEntries(differences)) },
    { name: 'events', ok: booked === served, detail: `${served} served, ${booked} booked` },
    {
      name: 'holds',
      ok: books.figures.openHolds === 0,
      detail: `${books.figures.openHolds} open after the load`,
    },
  ];
}
