import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fillBooks } from '../../test/simulation/lab-books.ts';
import { testDatabase } from '#testing/database.ts';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { dayDirectory, sealedDays } from './lake-layout.ts';
import { openDuck, rowsOf } from './parquet.store.ts';
import { sealBook } from './seal-book.ts';

async function sealedBooks() {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { endMs } = await fillBooks(database, { customers: 12, rounds: 40, seed: 77 });
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  const duck = await openDuck();
  const lake = join(directory.path, 'lake');
  const deps = { address: database.address, duck, clock: { nowMs: () => endMs }, lake };
  return { database, deps, duck, lake };
}

describe('sealing', () => {
  it('writes every row of the books once, and again only what has changed', async () => {
    const { database, deps, duck, lake } = await sealedBooks();
    const first = await sealBook(deps, 'test');
    expect(first.sealed.length).toBeGreaterThan(3);
    for (const [table, from] of [
      ['decision', 'decision'],
      ['usage', 'usage_event'],
      ['operation', 'account_operation'],
    ] as const) {
      const { rows } = await database.pool.query<{ n: string }>(
        `SELECT count(*)::text AS n FROM ${from} WHERE book = 'test'`,
      );
      const [sealed] = await rowsOf(
        duck,
        `SELECT count(*)::VARCHAR AS n FROM read_parquet('${lake}/book=test/*/${table}.parquet')`,
      );
      expect(sealed?.['n']).toBe(rows[0]?.n);
    }
    expect((await sealBook(deps, 'test')).sealed).toEqual([]);

    // A refund of an old day is seen, and that day alone is sealed anew.
    const { rows } = await database.pool.query<{ day: string }>(
      `UPDATE usage_event SET refunded = charge WHERE (book, customer, id, day) IN (
         SELECT book, customer, id, day FROM usage_event WHERE book = 'test' AND charge > refunded LIMIT 1)
       RETURNING day::text`,
    );
    expect((await sealBook(deps, 'test')).sealed).toEqual([rows[0]?.day]);
  }, 60_000);

  it('builds a lost day again, and drops what the books no longer have', async () => {
    const { database, deps, lake } = await sealedBooks();
    const { sealed } = await sealBook(deps, 'test');
    const [lost = ''] = sealed;
    rmSync(dayDirectory(lake, 'test', lost), { recursive: true });
    expect((await sealBook(deps, 'test')).sealed).toEqual([lost]);
    for (const table of [
      'decision',
      'usage_event',
      'account_operation',
      'revenue_rollup',
      'usage_rollup',
    ])
      await database.pool.query(`DELETE FROM ${table} WHERE book = 'test' AND day = $1`, [lost]);
    expect(await sealBook(deps, 'test')).toMatchObject({ sealed: [], dropped: [lost] });
    expect(existsSync(dayDirectory(lake, 'test', lost))).toBe(false);
    expect(sealedDays(lake, 'test').map(({ day }) => day)).toEqual(sealed.slice(1));
  }, 60_000);

  it('refuses a day whose events and rollups differ, and keeps what was sealed', async () => {
    const { database, deps, lake } = await sealedBooks();
    const { sealed } = await sealBook(deps, 'test');
    const { rows } = await database.pool.query<{ day: string }>(
      `UPDATE usage_event SET cost = cost + 1 WHERE (book, customer, id, day) IN (
         SELECT book, customer, id, day FROM usage_event WHERE book = 'test' AND outcome = 'completed' LIMIT 1)
       RETURNING day::text`,
    );
    await expect(sealBook(deps, 'test')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(
        `The day ${rows[0]?.day} of the test book does not add up`,
      ) as string,
    });
    expect(sealedDays(lake, 'test').map(({ day }) => day)).toEqual(sealed);
  }, 60_000);
});
