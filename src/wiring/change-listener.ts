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
/** It tells itself something so often, to know that what others tell would arrive. */
const PULSE_EVERY_MS = 5_000;
const PULSE_CHANNEL = 'breakeven_pulse';
/** After so long without its own word it takes itself for deaf. */
const DEAF_AFTER_MS = 12_000;

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
  #pulse: NodeJS.Timeout | undefined;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: ChangeListenerOptions) {
    this.#options = options;
  }

  /**
   * Whether a change would be heard of: proved by its own notifications, so that a pooler between, which
   * takes LISTEN and delivers nothing, is found out too.
   */
  get isHearing(): boolean {
    return performance.now() - this.#heardAtMs < DEAF_AFTER_MS;
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
    client.on('notification', ({ channel, payload }) => {
      if (channel === PULSE_CHANNEL) this.#heardAtMs = performance.now();
      else this.#options.channels[channel]?.(payload ?? '');
    });
    try {
      await client.connect();
      for (const channel of [...Object.keys(this.#options.channels), PULSE_CHANNEL]) {
        await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      }
      this.#options.onGap();
      await this.#beat(client);
    } catch (error) {
      this.#lost(client, error);
    }
  }

  async #beat(client: Client): Promise<void> {
    try {
      await client.query('SELECT pg_notify($1, $2)', [PULSE_CHANNEL, '']);
    } catch (error) {
      this.#lost(client, error);
    }
    if (this.#client !== client) return;
    this.#pulse = setTimeout(() => void this.#beat(client), PULSE_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#heardAtMs = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#timer);
    clearTimeout(this.#pulse);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #lost(client: Client, error?: unknown): void {
    if (this.#closed || this.#client !== client) return;
    if (error !== undefined) this.#options.onError(error);
    this.#client = undefined;
    this.#heardAtMs = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#pulse);
    void client.end().catch(() => undefined);
    this.#timer = setTimeout(() => void this.start(), RECONNECT_MS);
  }
}
