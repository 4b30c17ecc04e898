import { Client, type Connection, types } from 'pg';
import { type DatabaseAddress, clientConfig } from '#db/database-address.ts';
import type { Statement } from './statement.ts';
import { type GroupResult, StatementGroup, type TypeParser } from './statement-group.ts';

const CONNECT_TIMEOUT_MS = 3000;
/** A batch takes milliseconds; a store that needs seconds for one is as good as gone. */
const STATEMENT_TIMEOUT_MS = 5000;
/** A server that is gone without a word does not keep its own time-outs. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 1000;
/** How long a stalled process may keep its accounts locked for the others. */
const IDLE_IN_TRANSACTION_MS = 5000;

/**
 * The one connection of an account actor. What does not wait for an answer in between goes out together,
 * so that a batch costs one round trip, or two where it has to read first.
 *
 * States: open → broken. A broken connection is never used again: the actor makes a new one.
 */
export class BatchConnection {
  readonly #client: Client & { readonly connection: Connection };
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
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
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
   * Makes statements known to the server, by running each as it is. Each is prepared once.
   * @throws the driver's error where one of them does not fit the schema: the connection is then of no use
   */
  async prepare(statements: readonly Statement[]): Promise<void> {
    await this.#send(statements, true);
  }

  /**
   * Sends prepared statements in one go and waits for all of them, so that none is left in flight.
   * Outside of a transaction they are one of their own.
   * @throws the first error; what stood behind it was not run, and an open transaction wants its ROLLBACK
   */
  async run(statements: readonly Statement[]): Promise<readonly GroupResult[]> {
    return this.#send(statements, false);
  }

  async #send(
    statements: readonly Statement[],
    prepares: boolean,
  ): Promise<readonly GroupResult[]> {
    const group = new StatementGroup(statements, { prepares, typeParser });
    const timer = setTimeout(
      () => this.#client.connection.stream.destroy(new Error('Query read timeout')),
      ANSWER_TIMEOUT_MS,
    );
    try {
      this.#client.query(group);
      return await group.answered;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection at once; safe to call twice. */
  async close(): Promise<void> {
    this.#broken ??= new Error('Connection terminated');
    await this.#client.end().catch(() => undefined);
  }
}

const OID_INT8 = 20;
const OID_DATE = 1082;
const defaultParser = types.getTypeParser as TypeParser;

/** bigint as a number that is exact, date as its text; the driver's default for the rest. */
function typeParser(oid: number): (text: string) => unknown {
  if (oid === OID_INT8) return exactInteger;
  return oid === OID_DATE ? (text) => text : defaultParser(oid);
}

function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} passes 2^53`);
  return value;
}
