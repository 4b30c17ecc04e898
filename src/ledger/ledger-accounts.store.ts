import type { Pool } from 'pg';

/**
 * Numbers of named ledger accounts, learnt once and kept: there are as many as plans, suppliers and
 * models, and a number is never used again for another name.
 */
export class LedgerAccounts {
  readonly #numbers = new Map<string, number>();
  #learning: Promise<void> = Promise.resolve();

  /** The number of a name, or `undefined` where this process has not learnt it yet. */
  known(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /**
   * Learns names, giving a number to those that are new everywhere. Own transaction, safe to repeat;
   * many that ask at the same time cost one statement.
   */
  learn(pool: Pick<Pool, 'query'>, names: readonly string[]): Promise<void> {
    const turn = this.#learning.then(() => this.#learn(pool, names));
    this.#learning = turn.catch(() => undefined);
    return turn;
  }

  async #learn(pool: Pick<Pool, 'query'>, names: readonly string[]): Promise<void> {
    const wanted = [...new Set(names)].filter((name) => !this.#numbers.has(name));
    if (wanted.length === 0) return;
    // Sorted, so that two processes that learn the same names do not wait for each other in a ring.
    const { rows } = await pool.query<{ number: number; name: string }>(
      `WITH wanted AS (SELECT unnest($1::text[]) AS name),
            made AS (INSERT INTO ledger_account (name)
                     SELECT name FROM wanted WHERE name NOT IN (SELECT name FROM ledger_account)
                     ORDER BY name ON CONFLICT (name) DO UPDATE SET name = excluded.name
                     RETURNING number, name)
       SELECT number, name FROM made
       UNION ALL SELECT a.number, a.name FROM ledger_account a JOIN wanted USING (name)`,
      [wanted.toSorted()],
    );
    for (const { number, name } of rows) this.#numbers.set(name, number);
  }
}
