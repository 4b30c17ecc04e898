import type { Pool, PoolClient } from 'pg';

export type RegistrationMode = 'closed' | 'invite' | 'open';

/** What an owner decides for the whole installation. */
export interface InstallationSettings {
  /** `closed`: nobody joins; `invite`: by invitation; `open`: anybody. */
  readonly registration: RegistrationMode;
  /** What people who join by themselves are subscribed to. */
  readonly newcomerPlan: string;
}

const DEFAULTS: InstallationSettings = { registration: 'invite', newcomerPlan: 'free' };

/** The settings, each its default where it was never changed. */
export async function readInstallationSettings(
  db: Pool | PoolClient,
): Promise<InstallationSettings> {
  const { rows } = await db.query<{ name: string; value: unknown }>(
    'SELECT name, value FROM installation_setting WHERE name = ANY($1)',
    [Object.keys(DEFAULTS)],
  );
  return { ...DEFAULTS, ...Object.fromEntries(rows.map(({ name, value }) => [name, value])) };
}

export async function saveInstallationSettings(
  pool: Pool,
  change: Partial<InstallationSettings>,
): Promise<void> {
  for (const [name, value] of Object.entries(change)) {
    await pool.query(
      `INSERT INTO installation_setting (name, value) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      [name, JSON.stringify(value)],
    );
  }
}
