import type { Pool } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';

/** What an operator may do: `support` reads, `operator` also changes, `owner` also manages operators. */
export const OPERATOR_ROLES = ['owner', 'operator', 'support'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

export interface OperatorKey {
  readonly id: Id<'operatorKey'>;
  readonly name: string;
  readonly role: OperatorRole;
  readonly prefix: string;
  readonly revokedAt: Date | undefined;
}

interface OperatorKeyRow {
  id: string;
  name: string;
  role: OperatorRole;
  prefix: string;
  revoked_at: Date | null;
}

/** Stores an operator's key. */
export async function insertOperatorKey(
  pool: Pool,
  key: Omit<OperatorKey, 'revokedAt'>,
  secretSha256: Buffer,
): Promise<void> {
  await pool.query(
    'INSERT INTO operator_key (id, name, role, prefix, secret_sha256) VALUES ($1, $2, $3, $4, $5)',
    [uuidOf(key.id), key.name, key.role, key.prefix, secretSha256],
  );
}

/** The operator's key in force that a secret belongs to. */
export async function findOperatorKeyBySecret(
  pool: Pool,
  secretSha256: Buffer,
): Promise<OperatorKey | undefined> {
  const { rows } = await pool.query<OperatorKeyRow>(
    'SELECT id, name, role, prefix, revoked_at FROM operator_key WHERE secret_sha256 = $1 AND revoked_at IS NULL',
    [secretSha256],
  );
  return rows[0] && operatorKeyOf(rows[0]);
}

/** All operators' keys, oldest first. */
export async function listOperatorKeys(pool: Pool): Promise<readonly OperatorKey[]> {
  const { rows } = await pool.query<OperatorKeyRow>(
    'SELECT id, name, role, prefix, revoked_at FROM operator_key ORDER BY id',
  );
  return rows.map(operatorKeyOf);
}

/** Ends an operator's key at once. @throws DomainError `not_found`. */
export async function revokeOperatorKey(pool: Pool, id: Id<'operatorKey'>): Promise<void> {
  const { rowCount } = await pool.query(
    'UPDATE operator_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1',
    [uuidOf(id)],
  );
  if (rowCount === 0) throw new DomainError('not_found', `There is no operator key ${id}.`);
}

function operatorKeyOf(row: OperatorKeyRow): OperatorKey {
  return {
    id: idFromUuid('operatorKey', row.id),
    name: row.name,
    role: row.role,
    prefix: row.prefix,
    revokedAt: row.revoked_at ?? undefined,
  };
}
