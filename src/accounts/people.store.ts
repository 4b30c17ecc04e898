import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { MemberRole } from './customers.store.ts';
import type { OperatorRole } from './operator-keys.store.ts';

/** Somebody who signs in. */
export interface Person {
  readonly id: Id<'person'>;
  readonly name: string;
  readonly email: string;
  readonly twoFactor: boolean;
  readonly language: 'en' | 'zh' | undefined;
  readonly createdAt: Date;
}

/** What a person is to the installation. */
export interface Standing {
  readonly person: Person;
  readonly operatorRole: OperatorRole | undefined;
  readonly member:
    | {
        readonly book: Book;
        readonly customerId: Id<'customer'>;
        readonly customerName: string;
        readonly memberId: Id<'member'>;
        readonly role: MemberRole;
      }
    | undefined;
}

interface StandingRow {
  id: string;
  name: string;
  email: string;
  two_factor: boolean;
  language: 'en' | 'zh' | null;
  created_at: Date;
  operator_role: OperatorRole | null;
  book: Book | null;
  customer_id: string | null;
  customer_name: string | null;
  member_id: string | null;
  member_role: MemberRole | null;
}

const STANDING = `SELECT p.id, p.name, p.email, p."twoFactorEnabled" AS two_factor, p.language,
    p."createdAt" AS created_at, o.role AS operator_role, m.book, m.customer_id, m.id AS member_id,
    m.role AS member_role, c.name AS customer_name
  FROM person p
  LEFT JOIN operator o ON o.person_id = p.id
  LEFT JOIN member m ON m.person_id = p.id AND m.removed_at IS NULL
  LEFT JOIN customer c ON c.book = m.book AND c.id = m.customer_id`;

/** What a person is now; `undefined` where there is no such person (any more). */
export async function readStanding(
  db: Pool | PoolClient,
  personId: Id<'person'>,
): Promise<Standing | undefined> {
  const { rows } = await db.query<StandingRow>(`${STANDING} WHERE p.id = $1`, [uuidOf(personId)]);
  return rows[0] && standingOf(rows[0]);
}

/** The people who operate the installation, by role and name. */
export async function listOperatorPeople(pool: Pool): Promise<readonly Standing[]> {
  const { rows } = await pool.query<StandingRow>(
    `${STANDING} WHERE o.role IS NOT NULL ORDER BY o.role, p.name`,
  );
  return rows.map(standingOf);
}

/** Whether a person owns the installation. */
export async function hasOwner(db: Pool | PoolClient): Promise<boolean> {
  const { rows } = await db.query<{ owned: boolean }>(
    "SELECT EXISTS (SELECT FROM operator WHERE role = 'owner') AS owned",
  );
  return rows[0]?.owned ?? false;
}

/** Lets one change of who operates run after another: there is always an owner left. */
export async function lockOperators(client: PoolClient): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('breakeven operators'))");
}

/**
 * Adds a person with a password.
 * @throws DomainError `conflict` where the address has an account already
 */
export async function insertPerson(
  client: PoolClient,
  person: {
    readonly id: Id<'person'>;
    readonly credentialId: Id<'person'>;
    readonly name: string;
    readonly email: string;
    readonly passwordHash: string;
  },
): Promise<void> {
  const { rowCount } = await client.query(
    'INSERT INTO person (id, name, email) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING',
    [uuidOf(person.id), person.name, person.email],
  );
  if (rowCount === 0) {
    throw new DomainError('conflict', 'This e-mail address has an account already: sign in.', {
      field: 'email',
    });
  }
  await client.query(
    `INSERT INTO person_credential (id, "userId", "accountId", "providerId", password)
     VALUES ($1, $2, $3, 'credential', $4)`,
    [uuidOf(person.credentialId), uuidOf(person.id), uuidOf(person.id), person.passwordHash],
  );
}

/** The scrypt hash of a person's password. */
export async function readPasswordHash(
  pool: Pool,
  personId: Id<'person'>,
): Promise<string | undefined> {
  const { rows } = await pool.query<{ password: string | null }>(
    `SELECT password FROM person_credential WHERE "userId" = $1 AND "providerId" = 'credential'`,
    [uuidOf(personId)],
  );
  return rows[0]?.password ?? undefined;
}

/** Sets a password, and ends every session of the person. */
export async function setPasswordHash(
  client: PoolClient,
  personId: Id<'person'>,
  passwordHash: string,
): Promise<void> {
  await client.query(
    `UPDATE person_credential SET password = $2, "updatedAt" = now()
      WHERE "userId" = $1 AND "providerId" = 'credential'`,
    [uuidOf(personId), passwordHash],
  );
  await client.query('DELETE FROM person_session WHERE "userId" = $1', [uuidOf(personId)]);
}

/** Makes a person an operator of a role, or none. @throws DomainError `not_found` */
export async function setOperatorRole(
  client: PoolClient,
  personId: Id<'person'>,
  role: OperatorRole | undefined,
): Promise<void> {
  if (role === undefined) {
    await client.query('DELETE FROM operator WHERE person_id = $1', [uuidOf(personId)]);
    return;
  }
  const { rowCount } = await client.query(
    `INSERT INTO operator (person_id, role) SELECT id, $2 FROM person WHERE id = $1
     ON CONFLICT (person_id) DO UPDATE SET role = excluded.role`,
    [uuidOf(personId), role],
  );
  if (rowCount === 0) throw new DomainError('not_found', `There is no person ${personId}.`);
}

/** Puts a person behind a member. */
export async function linkMember(
  client: PoolClient,
  member: { readonly book: Book; readonly memberId: Id<'member'> },
  personId: Id<'person'>,
): Promise<void> {
  await client.query('UPDATE member SET person_id = $3 WHERE book = $1 AND id = $2', [
    member.book,
    uuidOf(member.memberId),
    uuidOf(personId),
  ]);
}

export async function updateProfile(
  pool: Pool,
  personId: Id<'person'>,
  change: { readonly name?: string; readonly language?: 'en' | 'zh' },
): Promise<void> {
  await pool.query(
    `UPDATE person SET name = coalesce($2, name), language = coalesce($3, language), "updatedAt" = now()
      WHERE id = $1`,
    [uuidOf(personId), change.name ?? null, change.language ?? null],
  );
  if (change.name !== undefined) {
    await pool.query('UPDATE member SET name = $2 WHERE person_id = $1', [
      uuidOf(personId),
      change.name,
    ]);
  }
}

/** What a member wrote and chose: it goes with the person. */
const OWN_TABLES = ['conversation', 'chat_attachment', 'chat_settings'] as const;

/**
 * Erases a person: name, address, password, sessions and, by their members, conversations. The members'
 * rows stay without a name, since keys and usage refer to their ids.
 */
export async function erasePerson(client: PoolClient, personId: Id<'person'>): Promise<void> {
  const uuid = uuidOf(personId);
  const { rows } = await client.query<{ book: Book; id: string }>(
    `UPDATE member SET name = '(erased)', email = NULL, removed_at = coalesce(removed_at, now())
      WHERE person_id = $1 RETURNING book, id`,
    [uuid],
  );
  for (const { book, id } of rows) {
    for (const table of OWN_TABLES)
      await client.query(`DELETE FROM ${table} WHERE book = $1 AND member_id = $2`, [book, id]);
  }
  await client.query('DELETE FROM person WHERE id = $1', [uuid]);
}

/** A person's sessions, last used first. */
export async function listSessions(
  pool: Pool,
  personId: Id<'person'>,
): Promise<
  readonly {
    id: string;
    token: string;
    createdAt: Date;
    updatedAt: Date;
    ipAddress: string | null;
    userAgent: string | null;
  }[]
> {
  const { rows } = await pool.query(
    `SELECT id, token, "createdAt", "updatedAt", "ipAddress", "userAgent" FROM person_session
      WHERE "userId" = $1 AND "expiresAt" > now() ORDER BY "updatedAt" DESC`,
    [uuidOf(personId)],
  );
  return rows as Awaited<ReturnType<typeof listSessions>>;
}

/** @returns how many ended. */
export async function endSessions(
  pool: Pool,
  personId: Id<'person'>,
  which: { readonly id: string } | { readonly allBut: string },
): Promise<number> {
  const [condition, value] =
    'id' in which ? ['id::text = $2', which.id] : ['token <> $2', which.allBut];
  const { rowCount } = await pool.query(
    `DELETE FROM person_session WHERE "userId" = $1 AND ${condition}`,
    [uuidOf(personId), value],
  );
  return rowCount ?? 0;
}

function standingOf(row: StandingRow): Standing {
  const { book, customer_id, member_id, member_role } = row;
  return {
    person: {
      id: idFromUuid('person', row.id),
      name: row.name,
      email: row.email,
      twoFactor: row.two_factor,
      language: row.language ?? undefined,
      createdAt: row.created_at,
    },
    operatorRole: row.operator_role ?? undefined,
    member:
      book && customer_id && member_id && member_role
        ? {
            book,
            customerId: idFromUuid('customer', customer_id),
            customerName: row.customer_name ?? '',
            memberId: idFromUuid('member', member_id),
            role: member_role,
          }
        : undefined,
  };
}

/** Who has this e-mail address, as it is stored, and in which language they read. */
export async function findPersonByEmail(
  pool: Pool,
  email: string,
): Promise<
  | { readonly id: Id<'person'>; readonly email: string; readonly language: 'en' | 'zh' | null }
  | undefined
> {
  const { rows } = await pool.query<{ id: string; email: string; language: 'en' | 'zh' | null }>(
    'SELECT id, email, language FROM person WHERE email = $1',
    [email.toLowerCase()],
  );
  const [row] = rows;
  return row && { ...row, id: idFromUuid('person', row.id) };
}
