import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { seededRandom, systemRandom } from '#base/random.ts';
import { testDatabase } from '#testing/database.ts';
import { createApiKey, rotateApiKey } from './api-keys.ts';
import { listApiKeys, revokeApiKey } from './api-keys.store.ts';
import { insertCustomer, insertMember, listCustomers, listMembers } from './customers.store.ts';
import { KeyDirectory } from './key-directory.ts';
import {
  findOperatorKeyBySecret,
  insertOperatorKey,
  revokeOperatorKey,
} from './operator-keys.store.ts';
import { seal, unseal } from './sealed.ts';
import { newOperatorSecret, secretSha256 } from './secret.ts';
import { readSupplierSecrets, saveSupplierSecret } from './supplier-secrets.store.ts';

const random = systemRandom;
const clock = systemClock;

async function setUp() {
  const database = await testDatabase({ migrate: true });
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { pool } = database;
  const customerId = newId('customer', clock, random);
  await insertCustomer(pool, { book: 'live', id: customerId, name: 'Ada', email: undefined });
  return { pool, customerId, deps: { pool, clock, random } };
}

describe('customers', () => {
  it('lists newest first, a page at a time', async () => {
    const { pool } = await setUp();
    for (const name of ['Bo', 'Cy']) {
      const id = newId('customer', clock, random);
      await insertCustomer(pool, { book: 'live', id, name, email: `${name}@example.com` });
    }
    const [first, second] = await listCustomers(pool, { book: 'live', limit: 2 });
    expect(first && second && first.id > second.id).toBe(true);
    const rest = await listCustomers(pool, {
      book: 'live',
      limit: 2,
      ...(second && { after: second.id }),
    });
    expect(rest).toHaveLength(1);
    expect(await listCustomers(pool, { book: 'demo', limit: 9 })).toEqual([]);
  });

  it('keeps members with their customer, and refuses a stranger', async () => {
    const { pool, customerId } = await setUp();
    const member = {
      book: 'live',
      id: newId('member', clock, random),
      customerId,
      name: 'Eve',
      email: undefined,
      role: 'admin',
    } as const;
    await insertMember(pool, member);
    expect(await listMembers(pool, 'live', customerId)).toEqual([member]);
    await expect(
      insertMember(pool, { ...member, book: 'test', id: newId('member', clock, random) }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('API keys', () => {
  it('are known by their secret alone, which is not stored', async () => {
    const { pool, customerId, deps } = await setUp();
    const { key, secret } = await createApiKey(deps, {
      book: 'live',
      customerId,
      name: 'laptop',
      capNanoUsd: nanoUsd(5_000_000_000),
    });
    const directory = new KeyDirectory({ pool, clock });
    expect(await directory.authenticate(secret)).toEqual(key);
    expect(directory.authenticate(secret)).toEqual(key);
    await expect(directory.authenticate(`${secret.slice(0, -1)}!`)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(directory.authenticate('')).rejects.toMatchObject({ code: 'unauthenticated' });
    const stored = await pool.query('SELECT to_jsonb(k)::text AS text FROM api_key k');
    expect(JSON.stringify(stored.rows)).not.toContain(secret.slice(20));
  });

  it('are read again after a while, and later only where a change would be told', async () => {
    const { pool, customerId, deps } = await setUp();
    const { secret } = await createApiKey(deps, { book: 'live', customerId, name: 'laptop' });
    let nowMs = clock.nowMs();
    let isTold = true;
    const directory = new KeyDirectory({
      pool,
      clock: { nowMs: () => nowMs },
      isTold: () => isTold,
    });
    await directory.authenticate(secret);
    nowMs += 10 * 60_000;
    expect(directory.authenticate(secret)).not.toBeInstanceOf(Promise);
    isTold = false;
    const again = directory.authenticate(secret);
    expect(again).toBeInstanceOf(Promise);
    await again;
    isTold = true;
    nowMs += 2 * 3_600_000;
    const muchLater = directory.authenticate(secret);
    expect(muchLater).toBeInstanceOf(Promise);
    await muchLater;
  });

  it('stop at once when revoked and told so', async () => {
    const { pool, customerId, deps } = await setUp();
    const { key, secret } = await createApiKey(deps, { book: 'live', customerId, name: 'laptop' });
    const directory = new KeyDirectory({ pool, clock });
    await directory.authenticate(secret);
    const listener = await pool.connect();
    const heard = new Promise<void>((resolve) =>
      listener.on('notification', ({ payload }) => {
        directory.forget(payload);
        resolve();
      }),
    );
    await listener.query('LISTEN breakeven_key');
    await revokeApiKey(pool, key.id, { at: new Date(0) });
    await heard;
    listener.release(true);
    await expect(directory.authenticate(secret)).rejects.toMatchObject({ code: 'key_revoked' });
  });

  it('hand over to a successor with the same rights after a grace period', async () => {
    const { pool, customerId, deps } = await setUp();
    let nowMs = clock.nowMs();
    const movable = { nowMs: () => nowMs };
    const old = await createApiKey(deps, {
      book: 'live',
      customerId,
      name: 'ci',
      scopes: ['inference'],
      capNanoUsd: nanoUsd(7),
    });
    const next = await rotateApiKey({ ...deps, clock: movable }, old.key.id, { graceMs: 60_000 });
    expect({ ...next.key, id: old.key.id, prefix: old.key.prefix }).toEqual(old.key);
    const directory = new KeyDirectory({ pool, clock: movable, maxAgeMs: 1 });
    await expect(Promise.resolve(directory.authenticate(old.secret))).resolves.toBeDefined();
    nowMs += 60_001;
    await expect(directory.authenticate(old.secret)).rejects.toMatchObject({ code: 'key_revoked' });
    await expect(Promise.resolve(directory.authenticate(next.secret))).resolves.toBeDefined();
    expect(await listApiKeys(pool, 'live', customerId)).toHaveLength(2);
  });

  it('forget the oldest entry, not the newest, when the directory is full', async () => {
    const { pool, customerId, deps } = await setUp();
    const directory = new KeyDirectory({ pool, clock, entriesMax: 2 });
    const secrets = [];
    for (const name of ['a', 'b', 'c'])
      secrets.push(
        (await createApiKey(deps, { book: 'test', customerId: await testCustomer(pool), name }))
          .secret,
      );
    for (const secret of secrets) await directory.authenticate(secret);
    expect(directory.authenticate(secrets[0] ?? '')).toBeInstanceOf(Promise);
    expect(directory.authenticate(secrets[2] ?? '')).not.toBeInstanceOf(Promise);
    expect(customerId).toBeDefined();
  });
});

async function testCustomer(pool: Parameters<typeof insertCustomer>[0]) {
  const id = newId('customer', clock, random);
  await insertCustomer(pool, { book: 'test', id, name: 'Test', email: undefined });
  return id;
}

describe('operator keys', () => {
  it('open the door until they are revoked', async () => {
    const { pool } = await setUp();
    const { secret, prefix, sha256 } = newOperatorSecret(random);
    const id = newId('operatorKey', clock, random);
    await insertOperatorKey(pool, { id, name: 'Owner', role: 'owner', prefix }, sha256);
    expect(await findOperatorKeyBySecret(pool, secretSha256(secret))).toMatchObject({
      id,
      role: 'owner',
    });
    await revokeOperatorKey(pool, id);
    expect(await findOperatorKeyBySecret(pool, secretSha256(secret))).toBeUndefined();
  });
});

describe('sealed secrets', () => {
  const masterKey = Buffer.from(seededRandom(1).bytes(32));

  it('open with the same key and context only', () => {
    const sealed = seal('sk-vendor', { masterKey, context: 'a', random });
    expect(unseal(sealed, { masterKey, context: 'a' })).toBe('sk-vendor');
    expect(() => unseal(sealed, { masterKey, context: 'b' })).toThrow(/master key/);
    const other = Buffer.from(seededRandom(2).bytes(32));
    expect(() => unseal(sealed, { masterKey: other, context: 'a' })).toThrow(/master key/);
  });

  it('lie encrypted in the database', async () => {
    const { pool } = await setUp();
    await saveSupplierSecret(pool, { supplier: 'openai', key: 'sk-old' }, { masterKey, random });
    await saveSupplierSecret(pool, { supplier: 'openai', key: 'sk-vendor' }, { masterKey, random });
    expect(await readSupplierSecrets(pool, masterKey)).toEqual(new Map([['openai', 'sk-vendor']]));
    const { rows } = await pool.query<{ sealed: Buffer }>('SELECT sealed FROM supplier_secret');
    expect(rows[0]?.sealed.toString('latin1')).not.toContain('vendor');
  });
});
