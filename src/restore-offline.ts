import { fileURLToPath } from 'node:url';
import { startEmbeddedServer } from '#db/embedded-server.ts';
import { restore } from '#db/restore.ts';
import type { Config } from '#src/config.ts';

/** The project's migrations. */
export const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Loads a backup into an installation that is empty and not running.
 * @throws DomainError `conflict` where the database is not empty or a server runs on the data directory,
 *   `not_found`, `invalid_request` for a damaged archive, `store_unavailable`
 */
export async function restoreInto(config: Config, file: string): Promise<{ rows: number }> {
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbeddedServer({ dataDir: config.dataDir })
      : undefined;
  try {
    const manifest = await restore({
      address: embedded?.address ?? { url: config.databaseUrl ?? '' },
      file,
      migrationsDirectory: MIGRATIONS,
    });
    return { rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0) };
  } finally {
    await embedded?.stop();
  }
}
