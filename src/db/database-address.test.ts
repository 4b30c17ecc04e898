import { expect, test } from 'vitest';
import { testDatabase } from '#testing/database.ts';
import { addressUrl, describeAddress, withClient, withDatabase } from './database-address.ts';

test('an address survives as a URL, a socket with odd letters in its name too', async () => {
  await using database = await testDatabase({ migrate: false });
  const url = addressUrl(database.address);
  const here = 'select current_database() as name';
  const rows = await withClient({ url }, 'test', async (client) => (await client.query(here)).rows);
  expect(rows).toEqual((await database.pool.query(here)).rows);
  const odd = { host: '/tmp/a b&c=%', port: 5433, user: 'm e', database: 'd?b' };
  const parsed = new URL(addressUrl(odd));
  expect(parsed.searchParams.get('host')).toBe(odd.host);
  expect(decodeURIComponent(parsed.pathname)).toBe('/d?b');
});

test('the database of an address changes, its password is never shown', () => {
  const address = { url: 'postgres://me:secret@db.example:6000/books?sslmode=require' };
  expect(withDatabase(address, 'other')).toEqual({
    url: 'postgres://me:secret@db.example:6000/other?sslmode=require',
  });
  expect(describeAddress(address)).toBe('db.example:6000/books');
  expect(describeAddress({ url: 'postgres://me:secret@/books' })).not.toContain('secret');
  const parts = { host: '/run', port: 1, user: 'me', database: 'books' };
  expect(withDatabase(parts, 'other')).toEqual({ ...parts, database: 'other' });
  expect(describeAddress(parts)).toBe('/run:1/books');
});
