import type { Pool } from 'pg';
import type { Random } from '#base/random.ts';
import { seal, unseal } from './sealed.ts';

/** The channel on which every process hears that a supplier's key changed. */
export const SUPPLIER_KEY_CHANNEL = 'breakeven_supplier_key';

const context = (supplier: string): string => `supplier:${supplier}`;

/** Stores the key that a supplier gave us, encrypted. Replaces an older one. */
export async function saveSupplierSecret(
  pool: Pool,
  secret: { supplier: string; key: string },
  options: { masterKey: Buffer; random: Random },
): Promise<void> {
  const sealed = seal(secret.key, { ...options, context: context(secret.supplier) });
  await pool.query(
    `INSERT INTO supplier_secret (supplier, sealed) VALUES ($1, $2)
     ON CONFLICT (supplier) DO UPDATE SET sealed = EXCLUDED.sealed, updated_at = now()`,
    [secret.supplier, sealed],
  );
  await announce(pool);
}

/** The keys of all suppliers, decrypted. @throws DomainError `invalid_configuration` on another master key. */
export async function readSupplierSecrets(
  pool: Pool,
  masterKey: Buffer,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ supplier: string; sealed: Buffer }>(
    'SELECT supplier, sealed FROM supplier_secret',
  );
  return new Map(
    rows.map((row) => [
      row.supplier,
      unseal(row.sealed, { masterKey, context: context(row.supplier) }),
    ]),
  );
}

/** Forgets a supplier's key. */
export async function deleteSupplierSecret(pool: Pool, supplier: string): Promise<void> {
  await pool.query('DELETE FROM supplier_secret WHERE supplier = $1', [supplier]);
  await announce(pool);
}

async function announce(pool: Pool): Promise<void> {
  await pool.query('SELECT pg_notify($1, $2)', [SUPPLIER_KEY_CHANNEL, '']);
}
