import { createWriteStream, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type DatabaseAddress, withClient } from '#db/database-address.ts';
import {
  beginSnapshot,
  copyStatement,
  endSnapshot,
  readFingerprints,
  readRollup,
} from './books.store.ts';
import { lakeLine } from './lake-columns.ts';
import {
  dayDirectory,
  type DayFingerprint,
  type DaySeal,
  LAKE_FORMAT,
  LAKE_TABLES,
  type LakeTable,
  sealedDays,
} from './lake-layout.ts';
import { writeReplayFiles } from './replay-file.ts';
import { countRows, sumRevenue, sumUsage, writeParquet } from './parquet.store.ts';

export interface SealDeps {
  readonly address: DatabaseAddress;
  readonly duck: DuckDBConnection;
  readonly clock: Clock;
  /** The lake's directory. */
  readonly lake: string;
}

export interface SealProgress {
  readonly day: string;
  readonly done: number;
  readonly of: number;
}

/** What sealing did. */
export interface SealResult {
  readonly book: string;
  readonly days: number;
  /** Days that were sealed now: new ones, and those that late events had changed. */
  readonly sealed: readonly string[];
  /** Days that the books no longer have. */
  readonly dropped: readonly string[];
}

/**
 * Brings the lake up to the books: every day whose rows differ from what is sealed is sealed anew, as
 * one snapshot, and checked by counts and sums against the books and their rollups before it replaces
 * what was there. Doing it twice changes nothing; a lake that was deleted is built again.
 * @throws DomainError `conflict` where the books do not add up, `store_unavailable`
 */
export async function sealBook(
  deps: SealDeps,
  book: string,
  onProgress: (progress: SealProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<SealResult> {
  return withClient(deps.address, 'breakeven lake', async (client) => {
    await beginSnapshot(client);
    const wanted = await readFingerprints(client, book);
    const present = new Map(sealedDays(deps.lake, book).map((seal) => [seal.day, seal]));
    const stale = [...wanted].filter(([day, fingerprint]) => {
      const seal = present.get(day);
      return seal?.format !== LAKE_FORMAT || !isDeepStrictEqual(seal.fingerprint, fingerprint);
    });
    const sealed: string[] = [];
    for (const [day, fingerprint] of stale) {
      signal?.throwIfAborted();
      onProgress({ day, done: sealed.length, of: stale.length });
      await sealDay(deps, client, { book, day, fingerprint });
      sealed.push(day);
    }
    await endSnapshot(client);
    const dropped = [...present.keys()].filter((day) => !wanted.has(day));
    for (const day of dropped) rmSync(dayDirectory(deps.lake, book, day), { recursive: true });
    return { book, days: wanted.size, sealed, dropped };
  });
}

async function sealDay(
  { duck, clock, lake }: SealDeps,
  client: Client,
  { book, day, fingerprint }: { book: string; day: string; fingerprint: DayFingerprint },
): Promise<void> {
  const target = dayDirectory(lake, book, day);
  const making = `${target}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  for (const table of LAKE_TABLES) {
    const text = join(making, `${table}.tsv`);
    await pipeline(
      client.query(copyTo(copyStatement(table, book, day))),
      reshaped(table),
      createWriteStream(text),
    );
    await writeParquet(duck, table, { from: text, to: join(making, `${table}.parquet`) });
    rmSync(text);
  }
  await verify({ duck, client }, { book, day, fingerprint, directory: making });
  await writeReplayFiles(duck, making);
  const seal: DaySeal = { format: LAKE_FORMAT, book, day, fingerprint, sealedAtMs: clock.nowMs() };
  writeFileSync(join(making, 'seal.json'), `${JSON.stringify(seal, undefined, 2)}\n`);
  rmSync(target, { recursive: true, force: true });
  renameSync(making, target);
}

/** Turns the lines of a COPY into the lake's, chunk by chunk. */
function reshaped(table: LakeTable): Transform {
  let rest = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // A chunk may end inside a character of UTF-8; lines end with a byte that no character contains.
      const text = rest + chunk.toString('latin1');
      const end = text.lastIndexOf('\n');
      rest = text.slice(end + 1);
      if (end < 0) return done();
      const lines = text.slice(0, end).split('\n');
      let out = '';
      for (const line of lines) out += `${lakeLine(table, line)}\n`;
      return done(null, Buffer.from(out, 'latin1'));
    },
    flush(done) {
      done(rest === '' ? null : new Error('the copy ended inside a line'));
    },
  });
}

async function verify(
  { duck, client }: { duck: DuckDBConnection; client: Client },
  day: { book: string; day: string; fingerprint: DayFingerprint; directory: string },
): Promise<void> {
  const { fingerprint, directory } = day;
  const file = (table: LakeTable): string => join(directory, `${table}.parquet`);
  const usage = await sumUsage(duck, file('usage'));
  const revenue = await sumRevenue(duck, file('revenue'));
  const rollup = await readRollup(client, day.book, day.day);
  const checks: readonly [what: string, lake: string, books: string][] = [
    ['decisions', await countRows(duck, file('decision')), fingerprint.decisions],
    ['operations', await countRows(duck, file('operation')), fingerprint.operations],
    ['usage events', usage.rows, fingerprint.events],
    ['cost', usage.cost, fingerprint.cost],
    ['charge', usage.charge, fingerprint.charge],
    ['requests of the rollups', usage.requests, rollup.requests],
    ['cost of the rollups', usage.cost, rollup.cost],
    ['charge of the rollups', usage.charge, rollup.charge],
    ['subscription revenue', revenue.subscription, fingerprint.subscription],
    ['breakage', revenue.breakage, fingerprint.breakage],
    ['refunds', revenue.refunded, fingerprint.refunded],
  ];
  const wrong = checks.filter(([, lake, books]) => lake !== books);
  if (wrong.length === 0) return;
  const text = wrong.map(([what, lake, books]) => `${what}: ${lake}, not ${books}`).join('; ');
  throw new DomainError(
    'conflict',
    `The day ${day.day} of the ${day.book} book does not add up and was not sealed (${text}). Prove the books: breakeven audit`,
  );
}
