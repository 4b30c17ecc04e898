import type { Connection, FieldDef, Submittable } from 'pg';
import type { Statement } from './statement.ts';

/** What a statement of a group came to. */
export interface GroupResult {
  /** First word of its command tag: `SELECT`, `INSERT`, `COMMIT`, … */
  command: string;
  readonly rows: Record<string, unknown>[];
}

/** Reads a value's text by the object id of its type. */
export type TypeParser = (oid: number) => (text: string) => unknown;

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

/**
 * Statements that go to the server together and are answered together, as one query of the driver. The
 * driver's own pipeline ends each statement with a `Sync`: the server then answers each by itself, and
 * a small batch consists of waking each other up. Here one `Sync` ends them all (PostgreSQL, "Pipelining"),
 * and the first error skips the rest.
 *
 * States: waiting → submitted → answered, once, with every result or with the first error.
 */
export class StatementGroup implements Submittable {
  readonly answered: Promise<readonly GroupResult[]>;
  readonly #statements: readonly Statement[];
  readonly #prepares: boolean;
  readonly #typeParser: TypeParser;
  readonly #resolve: (results: readonly GroupResult[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #results: GroupResult[] = [];
  #columns: readonly Column[] = [];
  #rows: Record<string, unknown>[] = [];

  /** @param how.prepares true where the server does not know the statements' names yet */
  constructor(
    statements: readonly Statement[],
    how: { readonly prepares: boolean; readonly typeParser: TypeParser },
  ) {
    this.#statements = statements;
    this.#prepares = how.prepares;
    this.#typeParser = how.typeParser;
    const { promise, resolve, reject } = Promise.withResolvers<readonly GroupResult[]>();
    this.answered = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Called by the driver when it is this query's turn. */
  submit = (connection: Connection): void => {
    connection.stream.cork();
    try {
      for (const { name, text, values, answersRows, copied } of this.#statements) {
        if (this.#prepares) connection.parse({ name, text, types: [] }, true);
        // A copy of the list only: the driver writes its members out at once.
        connection.bind({ statement: name, values: [...values] }, true);
        if (answersRows) connection.describe({ type: 'P', name: '' }, true);
        connection.execute(null, true);
        // Not waiting to be asked for them: where something went wrong before, they are passed over.
        if (copied) connection.stream.write(copied);
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  };

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#typeParser(dataTypeID),
    }));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i];
      const text = fields[i] ?? null;
      if (column !== undefined) row[column.name] = text === null ? null : column.parse(text);
    }
    // A statement that was not described answers rows that nobody asked for: how many is all they tell.
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#results.push({ command: text.split(' ', 1)[0] ?? '', rows: this.#rows });
    this.#columns = [];
    this.#rows = [];
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#results);
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
