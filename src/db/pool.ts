import { Pool, type PoolClient, TypeOverrides } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type DatabaseAddress, clientConfig, describeAddress } from './database-address.ts';
import { storeError } from './store-error.ts';

export interface PoolOptions {
  readonly address: DatabaseAddress;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections at most. Default 10. */
  readonly sizeMax?: number;
  /** The server gives a statement up after this, and we give the server up a second later. */
  readonly statementTimeoutMs?: number;
  /** For a free connection, new or pooled: an unreachable server is reported this fast. */
  readonly connectTimeoutMs?: number;
  /** Settings of every session, such as `{ plan_cache_mode: 'force_generic_plan' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** An idle connection broke. The pool replaces it by itself. */
  readonly onIdleError?: (error: Error) => void;
}

const SIZE_MAX = 10;
const STATEMENT_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3000;
/** A server that is stopped or cut off sends no time-out of its own. */
const SILENT_SERVER_MARGIN_MS = 1000;
const SERVER_VERSION_MIN = 150_000;

/**
 * A pool of connections. Nothing is opened yet. bigint columns come as `number` (and throw when
 * they pass 2^53), numeric as `string`, date and timestamp without zone as `string`, timestamptz as
 * `Date`, bytea as `Buffer`.
 */
export function createPool(options: PoolOptions): Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const settings = Object.entries(options.settings ?? {}).map(
    ([name, value]) => `-c ${name}=${value}`,
  );
  const pool = new Pool({
    ...clientConfig(options.address),
    application_name: options.applicationName,
    max: options.sizeMax ?? SIZE_MAX,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + SILENT_SERVER_MARGIN_MS,
    // A transaction that somebody forgot must not hold row locks for ever.
    idle_in_transaction_session_timeout: statementTimeoutMs,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    types: columnTypes(),
    ...(settings.length === 0 ? {} : { options: settings.join(' ') }),
  });
  // Without listeners a broken connection ends the process: an idle one is reported by the pool, a
  // busy one by itself, beside the statement that fails.
  pool.on('error', (error) => options.onIdleError?.(error));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/**
 * Runs `work` in one transaction: commits what it returns, rolls back what it throws.
 * @throws DomainError `store_unavailable` if the server cannot answer. Where that happens during the
 * commit, `facts.outcome` is `'unknown'`: it may have been committed, so only repeat what is idempotent.
 */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await connect(pool);
  let broken = true;
  let committing = false;
  try {
    await client.query('begin');
    const result = await work(client);
    committing = true;
    const commit = await client.query('commit');
    broken = false;
    // A failed statement that `work` swallowed turns the commit into a rollback.
    if (commit.command !== 'COMMIT')
      throw new Error('the transaction had failed and was rolled back');
    return result;
  } catch (error) {
    const unavailable = storeError(error, committing ? { outcome: 'unknown' } : {});
    if (unavailable !== undefined) throw unavailable;
    if (broken) broken = !(await rollBack(client));
    throw error;
  } finally {
    // A connection in an unknown state is closed, never given to the next caller.
    client.release(broken);
  }
}

/**
 * Runs one statement or more on a pool, turning an unreachable server into a domain error.
 * @throws DomainError `store_unavailable`
 */
export async function withStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error) ?? error;
  }
}

/**
 * Refuses servers that are too old.
 * @throws DomainError `invalid_configuration` naming the version, `store_unavailable`
 */
export async function requireServerVersion(pool: Pool, address: DatabaseAddress): Promise<void> {
  const sql =
    "select current_setting('server_version_num')::int as number, current_setting('server_version') as name";
  const { rows } = await withStore(() => pool.query<{ number: number; name: string }>(sql));
  const version = rows[0];
  if (version !== undefined && version.number >= SERVER_VERSION_MIN) return;
  throw new DomainError(
    'invalid_configuration',
    `The server at ${describeAddress(address)} runs PostgreSQL ${version?.name ?? 'of unknown version'}; ` +
      'Breakeven needs 15 or newer.',
  );
}

async function connect(pool: Pool): Promise<PoolClient> {
  return withStore(() => pool.connect());
}

async function rollBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('rollback');
    return true;
  } catch {
    return false;
  }
}

const OID_INT8 = 20;
const OID_TEXT_ARRAY = 1009;
const OID_INT8_ARRAY = 1016;
const OID_DATE = 1082;
const OID_TIMESTAMP = 1114;

/** The driver's default for bigint is a string, and for dates the machine's own time zone. */
function columnTypes(): TypeOverrides {
  const types = new TypeOverrides();
  // Typed as if a parser took a number; it takes the column's text.
  const parser: unknown = types.getTypeParser(OID_TEXT_ARRAY);
  const parseTextArray = parser as (text: string) => (string | null)[];
  types.setTypeParser(OID_INT8, parseInt8);
  types.setTypeParser(OID_INT8_ARRAY, (text) =>
    parseTextArray(text).map((item) => (item === null ? null : parseInt8(item))),
  );
  types.setTypeParser(OID_DATE, (text) => text);
  types.setTypeParser(OID_TIMESTAMP, (text) => text);
  return types;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`bigint ${text} passes 2^53: select it as numeric or text`);
  }
  return value;
}
