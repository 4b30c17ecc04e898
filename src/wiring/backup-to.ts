import type { Clock } from '#base/clock.ts';
import { backup } from '#db/backup.ts';
import type { DatabaseAddress } from '#db/database-address.ts';

/** Writes a backup and says how much it holds. @throws DomainError as `backup` does. */
export async function backupTo(options: {
  address: DatabaseAddress;
  path: string;
  clock: Clock;
}): Promise<{ tables: number; rows: number; bytes: number }> {
  const { manifest, archiveBytes } = await backup({
    address: options.address,
    file: options.path,
    clock: options.clock,
  });
  return {
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: archiveBytes,
  };
}
