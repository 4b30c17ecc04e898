import { Client, type QueryResult, types } from 'pg';
import { type DatabaseAddress, clientConfig } from '#db/database-address.ts';
import type { Statement } from './row-batch.ts';

const CONNECT_TIMEOUT_MS = 3000;
/** A batch takes milliseconds; a store that needs seconds for one is as good as gone. */
const STATEMENT_TIMEOUT_MS = 5000;
/** How long a stalled process may keep its accounts locked for the others. */
const IDLE_IN_TRANSACTION_MS = 5000;

/**
 * The one connection of an account actor. Statements that do not wait for each other's rows go out
 * together (the driver's pipeline mode), so that a batch costs two round trips.
 *
 * States: open → broken. A broken connection is never used again: the actor makes a new one.
 */
export class BatchConnection {
  readonly #client: Client;
  #broken: Error | undefined;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws the driver's error where the server is out of reach. */
  static async open(
    address: DatabaseAddress,
    onBroken: (error: Error) => void,
  ): Promise<BatchConnection> {
    const client = new Client({
      ...clientConfig(address),
      application_name: 'breakeven admission',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 1000,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      types: { getTypeParser },
      keepAlive: true,
      pipeline: true,
      // Statements get new arrays each time: planning them anew costs more than a better plan saves. And
      // the plans are made once, when tables may be empty: always by the primary key.
      options:
        '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off',
    });
    const connection = new BatchConnection(client);
    client.on('error', (error) => {
      connection.#broken ??= error;
      onBroken(error);
    });
    client.on('end', () => {
      connection.#broken ??= new Error('Connection terminated');
    });
    await client.connect();
    return connection;
  }

  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * Sends statements in one go and waits for all of them, so that none is left in flight.
   * @throws the first error in order; a later statement fails only because an earlier one did.
   */
  async run(statements: readonly (Statement | string)[]): Promise<readonly QueryResult[]> {
    const outcomes = await Promise.allSettled(
      statements.map((statement) =>
        typeof statement === 'string'
          ? this.#client.query(statement)
          : this.#client.query({
              name: statement.name,
              text: statement.text,
              values: statement.values as (string | Buffer)[],
            }),
      ),
    );
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  /** Ends the connection at once; safe to call twice. */
  async close(): Promise<void> {
    this.#broken ??= new Error('Connection terminated');
    await this.#client.end().catch(() => undefined);
  }
}

const OID_INT8 = 20;
const OID_DATE = 1082;
const defaultParser = types.getTypeParser as (
  oid: number,
  format?: 'text' | 'binary',
) => (text: string) => unknown;

/** bigint as a number that is exact, date as its text; the driver's default for the rest. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === OID_INT8) return exactInteger;
  return oid === OID_DATE ? (text) => text : defaultParser(oid, format);
}

function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} passes 2^53`);
  return value;
}
