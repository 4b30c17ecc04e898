import { Client } from 'pg';
import type { Random } from '#base/random.ts';
import { clientConfig, type DatabaseAddress } from '#db/database-address.ts';
import { holdOwnerLock } from './process-owner.store.ts';

export interface ProcessOwnerOptions {
  readonly address: DatabaseAddress;
  readonly random: Random;
  readonly onTrouble: (error: unknown) => void;
}

const RECONNECT_MS = 250;
const OWNERS = 2 ** 31 - 2;

/**
 * Says to all other processes that this one lives: it holds an advisory lock on a connection of its
 * own, which PostgreSQL gives up at the instant the process dies. No clock and no time-out decides.
 *
 * States: connecting → holding → (connection lost) → connecting … → closed. While it is not holding,
 * others may end its generations as interrupted; what it then writes of them is refused.
 */
export class ProcessOwner {
  /** Stands on the generations that this process runs. */
  readonly number: number;
  readonly #options: ProcessOwnerOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ProcessOwnerOptions) {
    this.#options = options;
    this.number = 1 + options.random.below(OWNERS);
  }

  /** Connects and takes the lock; tries again for ever where that fails. */
  async start(): Promise<void> {
    if (this.#isClosed) return;
    const client = new Client({
      ...clientConfig(this.#options.address),
      application_name: 'breakeven chat owner',
      keepAlive: true,
    });
    this.#client = client;
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client));
    try {
      await client.connect();
      await holdOwnerLock(client, this.number);
    } catch (error) {
      this.#lost(client, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #lost(client: Client, error?: unknown): void {
    if (this.#isClosed || this.#client !== client) return;
    if (error !== undefined) this.#options.onTrouble(error);
    this.#client = undefined;
    void client.end().catch(() => undefined);
    this.#timer = setTimeout(() => void this.start(), RECONNECT_MS);
  }
}
