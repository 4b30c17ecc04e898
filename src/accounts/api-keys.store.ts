import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { transaction } from '#db/pool.ts';

/** What a key may do. `inference`: call models; `read`: usage, receipts and quotes. */
export const KEY_SCOPES = ['inference', 'read'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface ApiKey {
  readonly id: Id<'apiKey'>;
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly memberId: Id<'member'> | undefined;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly KeyScope[];
  /** What the key may spend in a calendar month. */
  readonly capNanoUsd: NanoUsd | undefined;
  readonly expiresAt: Date | undefined;
  readonly revokedAt: Date | undefined;
}

/** The channel on which every process hears that a key changed; the payload is the key's UUID. */
export const KEY_CHANNEL = 'breakeven_key';

interface ApiKeyRow {
  id: string;
  book: Book;
  customer_id: string;
  member_id: string | null;
  name: string;
  prefix: string;
  scopes: KeyScope[];
  cap_nano_usd: string | number | null;
  expires_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS =
  'id, book, customer_id, member_id, name, prefix, scopes, cap_nano_usd, expires_at, revoked_at';

/** Stores a key; `secretSha256` is all that is kept of its secret. */
export async function insertApiKey(
  pool: Pool,
  key: Omit<ApiKey, 'revokedAt'>,
  secretSha256: Buffer,
): Promise<void> {
  await pool.query(
    `INSERT INTO api_key (id, book, customer_id, member_id, name, prefix, secret_sha256, scopes, cap_nano_usd, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      uuidOf(key.id),
      key.book,
      uuidOf(key.customerId),
      key.memberId ? uuidOf(key.memberId) : null,
      key.name,
      key.prefix,
      secretSha256,
      key.scopes,
      key.capNanoUsd ?? null,
      key.expiresAt ?? null,
    ],
  );
}

/** The key that a secret belongs to, revoked or not. */
export async function findApiKeyBySecret(
  pool: Pool,
  secretSha256: Buffer,
): Promise<ApiKey | undefined> {
  const { rows } = await pool.query<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM api_key WHERE secret_sha256 = $1`,
    [secretSha256],
  );
  return rows[0] && keyOf(rows[0]);
}

/** @throws DomainError `not_found`. */
export async function readApiKey(pool: Pool, id: Id<'apiKey'>): Promise<ApiKey> {
  const { rows } = await pool.query<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_key WHERE id = $1`, [
    uuidOf(id),
  ]);
  if (!rows[0]) throw new DomainError('not_found', `There is no API key ${id}.`);
  return keyOf(rows[0]);
}

/** A customer's keys, newest first. */
export async function listApiKeys(
  pool: Pool,
  book: Book,
  customerId: Id<'customer'>,
): Promise<readonly ApiKey[]> {
  const { rows } = await pool.query<ApiKeyRow>(
    `SELECT ${COLUMNS} FROM api_key WHERE book = $1 AND customer_id = $2 ORDER BY id DESC`,
    [book, uuidOf(customerId)],
  );
  return rows.map(keyOf);
}

/**
 * Ends a key at an instant, now or after a grace period, and tells every process.
 * A key that already ends earlier keeps its end.
 */
export async function revokeApiKey(
  pool: Pool,
  id: Id<'apiKey'>,
  options: { at: Date; replacedBy?: Id<'apiKey'> },
): Promise<void> {
  await transaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE api_key SET revoked_at = least(revoked_at, $2), replaced_by = coalesce($3, replaced_by) WHERE id = $1`,
      [uuidOf(id), options.at, options.replacedBy ? uuidOf(options.replacedBy) : null],
    );
    if (rowCount === 0) throw new DomainError('not_found', `There is no API key ${id}.`);
    await client.query('SELECT pg_notify($1, $2)', [KEY_CHANNEL, uuidOf(id)]);
  });
}

/** Few sets of scopes are in use, and ten thousand keys in memory: those that are equal are one. */
const scopeSets = new Map<string, readonly KeyScope[]>();

function sharedScopes(scopes: readonly KeyScope[]): readonly KeyScope[] {
  const name = scopes.join();
  const known = scopeSets.get(name);
  if (known !== undefined) return known;
  scopeSets.set(name, scopes);
  return scopes;
}

function keyOf(row: ApiKeyRow): ApiKey {
  return {
    id: idFromUuid('apiKey', row.id),
    book: row.book,
    customerId: idFromUuid('customer', row.customer_id),
    memberId: row.member_id ? idFromUuid('member', row.member_id) : undefined,
    name: row.name,
    prefix: row.prefix,
    scopes: sharedScopes(row.scopes),
    capNanoUsd: row.cap_nano_usd === null ? undefined : nanoUsd(Number(row.cap_nano_usd)),
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  };
}
