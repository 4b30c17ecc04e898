import { Client } from 'pg';
import { clientConfig, type DatabaseAddress } from '#db/database-address.ts';

export interface ChangeListenerOptions {
  readonly address: DatabaseAddress;
  /** What to do with a notification, by channel. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** Notifications may have been missed: read everything again. Also called once at the start. */
  readonly onGap: () => void;
  readonly onError: (error: unknown) => void;
}

const RECONNECT_MS = 500;

/**
 * Hears of changes that other processes make, on one connection of its own.
 *
 * States: connecting → listening → (connection lost) → connecting … → closed. Whatever was announced
 * while it was not listening is lost, so each time it begins to listen it reports a gap.
 */
export class ChangeListener {
  readonly #options: ChangeListenerOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ChangeListenerOptions) {
    this.#options = options;
  }

  /** Connects; tries again for ever where that fails. */
  async start(): Promise<void> {
    if (this.#closed) return;
    const client = new Client({
      ...clientConfig(this.#options.address),
      application_name: 'breakeven changes',
      keepAlive: true,
    });
    this.#client = client;
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client));
    client.on('notification', ({ channel, payload }) =>
      this.#options.channels[channel]?.(payload ?? ''),
    );
    try {
      await client.connect();
      for (const channel of Object.keys(this.#options.channels)) {
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      }
      this.#options.onGap();
    } catch (error) {
      this.#lost(client, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #lost(client: Client, error?: unknown): void {
    if (this.#closed || this.#client !== client) return;
    if (error !== undefined) this.#options.onError(error);
    this.#client = undefined;
    void client.end().catch(() => undefined);
    this.#timer = setTimeout(() => void this.start(), RECONNECT_MS);
  }
}
