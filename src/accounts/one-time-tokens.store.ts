import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';

/** What whoever holds the secret may do, once. */
export interface OneTimeToken {
  readonly id: Id<'invite'>;
  readonly purpose: 'setup' | 'operator' | 'customer' | 'member' | 'password';
  readonly role: string | undefined;
  readonly customer: { readonly book: Book; readonly id: Id<'customer'> } | undefined;
  readonly personId: Id<'person'> | undefined;
  readonly email: string | undefined;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

interface TokenRow {
  id: string;
  purpose: OneTimeToken['purpose'];
  role: string | null;
  book: Book | null;
  customer_id: string | null;
  person_id: string | null;
  email: string | null;
  created_by: string;
  created_at: Date;
  expires_at: Date;
}

const COLUMNS =
  'id, purpose, role, book, customer_id, person_id, email, created_by, created_at, expires_at';

/** Stores a token; of its secret only the hash. */
export async function insertOneTimeToken(
  db: Pool | PoolClient,
  token: OneTimeToken,
  sha256: Buffer,
): Promise<void> {
  await db.query(
    `INSERT INTO one_time_token (${COLUMNS}, sha256)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      uuidOf(token.id),
      token.purpose,
      token.role ?? null,
      token.customer?.book ?? null,
      token.customer ? uuidOf(token.customer.id) : null,
      token.personId ? uuidOf(token.personId) : null,
      token.email ?? null,
      token.createdBy,
      token.createdAt,
      token.expiresAt,
      sha256,
    ],
  );
}

/** The token in force that a secret belongs to; `lock` keeps others from using it until the commit. */
export async function findOneTimeToken(
  db: Pool | PoolClient,
  sha256: Buffer,
  options: { readonly now: Date; readonly lock: boolean },
): Promise<OneTimeToken | undefined> {
  const { rows } = await db.query<TokenRow>(
    `SELECT ${COLUMNS} FROM one_time_token WHERE sha256 = $1 AND expires_at > $2
     ${options.lock ? 'FOR UPDATE' : ''}`,
    [sha256, options.now],
  );
  return rows[0] && tokenOf(rows[0]);
}

/** Uses a token up, or takes it back. @returns whether it was there. */
export async function deleteOneTimeToken(
  db: Pool | PoolClient,
  id: Id<'invite'>,
): Promise<boolean> {
  const { rowCount } = await db.query('DELETE FROM one_time_token WHERE id = $1', [uuidOf(id)]);
  return rowCount === 1;
}

/** Makes every set-up address that was ever printed worthless. */
export async function deleteSetUpTokens(db: Pool | PoolClient): Promise<void> {
  await db.query("DELETE FROM one_time_token WHERE purpose = 'setup'");
}

/** Open invitations: to a customer, or of operators and new customers. */
export async function listInvites(
  pool: Pool,
  of: { readonly book: Book; readonly customerId: Id<'customer'> } | undefined,
  now: Date,
): Promise<readonly OneTimeToken[]> {
  const { rows } = of
    ? await pool.query<TokenRow>(
        `SELECT ${COLUMNS} FROM one_time_token
          WHERE purpose = 'member' AND book = $1 AND customer_id = $2 AND expires_at > $3 ORDER BY id DESC`,
        [of.book, uuidOf(of.customerId), now],
      )
    : await pool.query<TokenRow>(
        `SELECT ${COLUMNS} FROM one_time_token
          WHERE purpose IN ('operator', 'customer') AND expires_at > $1 ORDER BY id DESC`,
        [now],
      );
  return rows.map(tokenOf);
}

function tokenOf(row: TokenRow): OneTimeToken {
  return {
    id: idFromUuid('invite', row.id),
    purpose: row.purpose,
    role: row.role ?? undefined,
    customer:
      row.book && row.customer_id
        ? { book: row.book, id: idFromUuid('customer', row.customer_id) }
        : undefined,
    personId: row.person_id ? idFromUuid('person', row.person_id) : undefined,
    email: row.email ?? undefined,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
