import type { Pool } from 'pg';
import type { Random } from '#base/random.ts';
import { seal, unseal } from './sealed.ts';

export type MailSecurity = 'tls' | 'starttls' | 'none';

/** The server that takes our mail. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly security: MailSecurity;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The address that mail comes from, with or without a name: `Breakeven <mail@example.com>`. */
  readonly from: string;
}

interface Row {
  readonly host: string;
  readonly port: number;
  readonly security: MailSecurity;
  readonly username: string | null;
  readonly password: Buffer | null;
  readonly sender: string;
}

/** Bound to host and user: a password is given to no other server than the one it was typed for. */
const contextOf = (server: Pick<MailServer, 'host' | 'user'>): string =>
  `mail:${server.host}:${server.user ?? ''}`;

/** @returns `undefined` where none is set up. @throws DomainError `invalid_configuration` on another master key */
export async function readMailServer(
  pool: Pool,
  masterKey: Buffer,
): Promise<MailServer | undefined> {
  const { rows } = await pool.query<Row>(
    'SELECT host, port, security, username, password, sender FROM mail_server',
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { host, port, security, sender } = row;
  const user = row.username ?? undefined;
  const context = contextOf({ host, user });
  const password = row.password === null ? undefined : unseal(row.password, { masterKey, context });
  return { host, port, security, user, password, from: sender };
}

/** Whether anything would be sent. */
export async function hasMailServer(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query('SELECT FROM mail_server');
  return rows.length > 0;
}

/** Replaces the server. The password is stored sealed. */
export async function saveMailServer(
  pool: Pool,
  server: MailServer,
  options: { readonly masterKey: Buffer; readonly random: Random },
): Promise<void> {
  const { host, port, security, user, password, from } = server;
  const sealed =
    password === undefined ? null : seal(password, { ...options, context: contextOf(server) });
  await pool.query(
    `INSERT INTO mail_server (host, port, security, username, password, sender) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (only_one) DO UPDATE SET host = excluded.host, port = excluded.port, security = excluded.security,
       username = excluded.username, password = excluded.password, sender = excluded.sender, updated_at = now()`,
    [host, port, security, user ?? null, sealed, from],
  );
}

export async function deleteMailServer(pool: Pool): Promise<void> {
  await pool.query('DELETE FROM mail_server');
}
