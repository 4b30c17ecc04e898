import type { Pool } from 'pg';
import { addressUrl, describeAddress, type DatabaseAddress } from '#db/database-address.ts';
import {
  startEmbeddedServer,
  type EmbeddedServer,
  type EmbeddedServerEvent,
} from '#db/embedded-server.ts';
import { migrate } from '#db/migrator.ts';
import { createPool, requireServerVersion } from '#db/pool.ts';
import type { Config } from '#src/config.ts';
import { MIGRATIONS } from '#src/restore-offline.ts';

/** The database of the installation, migrated. */
export interface Store {
  readonly address: DatabaseAddress;
  readonly pool: Pool;
  /** For people: which server, never with a password. */
  readonly description: string;
  /** To reach the same database from another process. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the database: the embedded one, or that of `DATABASE_URL`.
 * @throws DomainError `conflict` where another process has the data directory,
 *   `invalid_configuration` for a server that is too old or migrations that disagree,
 *   `store_unavailable`
 */
export async function openStore(
  config: Config,
  onEvent: (event: EmbeddedServerEvent | { type: 'idle_error'; error: Error }) => void,
): Promise<Store> {
  let isClosing = false;
  let embedded: EmbeddedServer | undefined;
  let address: DatabaseAddress;
  if (config.databaseUrl === undefined) {
    embedded = await startEmbeddedServer({ dataDir: config.dataDir, onEvent });
    address = embedded.address;
  } else {
    address = { url: config.databaseUrl };
  }
  const pool = createPool({
    address,
    applicationName: 'breakeven',
    // The server ends what we are ending anyway: no news.
    onIdleError: (error) => void (isClosing || onEvent({ type: 'idle_error', error })),
  });
  try {
    await requireServerVersion(pool, address);
    await migrate({ address, directory: MIGRATIONS });
  } catch (error) {
    await pool.end();
    await embedded?.stop();
    throw error;
  }
  return {
    address,
    pool,
    url: addressUrl(address),
    description: embedded
      ? `embedded PostgreSQL 18 in ${config.dataDir}`
      : `PostgreSQL at ${describeAddress(address)}`,
    async close() {
      isClosing = true;
      await pool.end();
      await embedded?.stop();
    },
  };
}
