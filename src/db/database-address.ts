import { Client, type ClientConfig } from 'pg';

/** Where a database is reached: a connection URL, or the parts of one. */
export type DatabaseAddress =
  | { readonly url: string }
  | {
      /** A directory holding a Unix socket, or a host's name. */
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly database: string;
    };

/** The driver's form of an address. */
export function clientConfig(address: DatabaseAddress): ClientConfig {
  return 'url' in address ? { connectionString: address.url } : { ...address };
}

/** An address to show to people: never with a password. */
export function describeAddress(address: DatabaseAddress): string {
  if (!('url' in address)) return `${address.host}:${address.port}/${address.database}`;
  try {
    const url = new URL(address.url);
    return `${url.host}${url.pathname}`;
  } catch {
    return 'the server of DATABASE_URL';
  }
}

/**
 * An address as a URL, for another process to take as DATABASE_URL.
 *
 * @example
 * addressUrl(server.address) // postgres://localhost/breakeven?user=breakeven&host=%2Fdata%2Fsocket&port=5432
 */
export function addressUrl(address: DatabaseAddress): string {
  if ('url' in address) return address.url;
  // A socket's directory cannot stand as a URL's host; the parameters win over it.
  const url = new URL(`postgres://localhost/${encodeURIComponent(address.database)}`);
  url.searchParams.set('user', address.user);
  url.searchParams.set('host', address.host);
  url.searchParams.set('port', String(address.port));
  return url.href;
}

/** The same server, another database. */
export function withDatabase(address: DatabaseAddress, database: string): DatabaseAddress {
  if (!('url' in address)) return { ...address, database };
  const url = new URL(address.url);
  url.pathname = `/${encodeURIComponent(database)}`;
  return { url: url.href };
}

/** One connection outside any pool, without time limits: for migrations, backups and restores. */
export async function withClient<T>(
  address: DatabaseAddress,
  applicationName: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    ...clientConfig(address),
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {
    // The pending call reports it too; without a listener it would end the process.
  });
  try {
    await client.connect();
    await client.query('set statement_timeout = 0');
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
