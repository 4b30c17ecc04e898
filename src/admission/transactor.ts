import { assert } from '#base/assert.ts';
import { Batch } from './batch.ts';
import type { BatchConnection } from './batch-connection.ts';
import { GuessPace } from './guess-pace.ts';
import { command } from './statement.ts';
import type { WriteSet } from './write-set.ts';

const BEGIN = command('BEGIN');
const COMMIT = command('COMMIT');
const ROLLBACK = command('ROLLBACK');
/** What `require_rows` of the schema raises. */
const ROWS_CHANGED = 'BE001';

/** How far a batch has come, for whoever has to explain its failure. */
export interface Progress {
  /** What was sent may have been committed, whatever was heard of it. */
  committing: boolean;
}

/** Makes one transaction of a batch: in one round trip where its accounts are known, else in two. */
export class Transactor {
  readonly #writes: WriteSet;
  readonly #pace = new GuessPace();

  constructor(writes: WriteSet) {
    this.#writes = writes;
  }

  /**
   * Makes every statement known to a new connection.
   * @throws the driver's error where one does not fit the schema
   */
  async prepare(connection: BatchConnection): Promise<void> {
    await connection.prepare([
      BEGIN,
      ...Batch.preparations(),
      ...this.#writes.allStatements(),
      COMMIT,
      ROLLBACK,
    ]);
  }

  /**
   * Decides a batch and commits what it writes.
   * @throws the driver's error: then nothing of it was written, or, where it was committing on a
   *   connection that broke, perhaps all of it
   */
  async commit(connection: BatchConnection, batch: Batch, progress: Progress): Promise<void> {
    if (await this.#writeAsRemembered(connection, batch, progress)) return;
    const [, ...read] = await connection.run([BEGIN, ...batch.reads()]);
    batch.load(read);
    batch.apply();
    const statements = this.#writes.statements();
    progress.committing = true;
    const results = await connection.run([...statements, COMMIT]);
    assert(results.at(-1)?.command === 'COMMIT', 'a batch without an error commits');
    this.#writes.clear();
  }

  /**
   * Decides on the accounts as they were committed last by this process, and writes them only if they
   * still are so, all in one round trip. While other processes write the same accounts, guesses are
   * given up for ever longer.
   *
   * What goes out together is one transaction by itself: it is committed, or undone, by the `Sync` at
   * its end (PostgreSQL, "Pipelining"). `BEGIN` and `COMMIT` would be two statements more.
   * @returns false where nothing was written: the batch has then to be read and decided anew
   */
  async #writeAsRemembered(
    connection: BatchConnection,
    batch: Batch,
    progress: Progress,
  ): Promise<boolean> {
    if (!this.#pace.mayGuess() || !batch.isRemembered) return false;
    batch.apply();
    if (!batch.isProven) {
      batch.forget();
      return false;
    }
    const statements = this.#writes.statements();
    progress.committing = true;
    try {
      await connection.run(statements);
    } catch (error) {
      if (!isChanged(error)) throw error;
      progress.committing = false;
      batch.forget();
      this.#pace.wasWrong();
      return false;
    }
    this.#writes.clear();
    this.#pace.wasRight();
    return true;
  }

  /** Undoes what a failed batch left open. @returns false where not even that was possible */
  async rollBack(connection: BatchConnection): Promise<boolean> {
    try {
      await connection.run([ROLLBACK]);
      return true;
    } catch {
      return false;
    }
  }
}

function isChanged(error: unknown): boolean {
  return (error as { code?: unknown }).code === ROWS_CHANGED;
}
