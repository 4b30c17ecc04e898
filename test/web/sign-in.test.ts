import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWNER, webHouse, type WebHouse } from './house.ts';
import type { BrowserLike } from './browser-like.ts';
import type {
  IssuedInvite,
  PasswordLink,
  Session,
  SessionRow,
  TwoFactorStart,
} from '#http/shapes/session.ts';
import { session as sessionShape } from '#http/shapes/session.ts';

let house: WebHouse;
let owner: BrowserLike;
let before: unknown;
const password = 'a long enough password';

beforeAll(async () => {
  house = await webHouse();
  before = await house.browser().session();
  owner = await house.owner();
});
afterAll(() => house?.[Symbol.asyncDispose]());

/** Time-based code of RFC 6238, as an authenticator makes it. */
function totp(uri: string): string {
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const letter of secret.replaceAll('=', ''))
    bits += alphabet.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(new Date().getTime() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function joined(invite: IssuedInvite, name: string): Promise<BrowserLike> {
  const browser = house.browser();
  const token = new URL(invite.url).searchParams.get('invite');
  const person = { name, email: `${name.toLowerCase()}@example.com`, password };
  await browser.json('POST', '/api/sign-up', { invite: token, ...person });
  await browser.session();
  return browser;
}

describe('set-up', () => {
  it('is waited for, and nobody is signed in', () => {
    expect(sessionShape.parse(before)).toMatchObject({ needsSetup: true, person: null });
  });

  it('makes the owner once, signs them in, and makes a customer of them', async () => {
    expect(await owner.session<Session>()).toMatchObject({
      needsSetup: false,
      person: { name: 'Ada', email: 'ada@example.com' },
      operator: { role: 'owner' },
      customer: { book: 'live', role: 'admin', plan: { name: 'free' } },
    });
    const token = new URL(house.setUp).searchParams.get('token');
    const again = { token, ...OWNER, email: 'eve@example.com' };
    const eve = house.browser();
    expect(await eve.refused('POST', '/api/setup', again)).toEqual([403, 'forbidden']);
    expect(await eve.refused('POST', '/api/setup', { ...again, token: 'x'.repeat(50) })).toEqual([
      403,
      'forbidden',
    ]);
    expect(await owner.refused('POST', '/api/setup/address')).toEqual([409, 'conflict']);
  });

  it('sets a cookie that scripts and other sites do not get', () => {
    expect(owner.setCookies[0]).toMatch(/session_token=.*; HttpOnly; SameSite=Lax/);
  });

  it('names the field of what is wrong', async () => {
    const token = 'x'.repeat(50);
    const response = await house
      .browser()
      .request('POST', '/api/setup', { token, ...OWNER, password: 'short' });
    expect(await response.json()).toMatchObject({ error: { param: 'password' } });
  });
});

describe('sign-in', () => {
  it('takes the right password alone, and says nothing of which part was wrong', async () => {
    const right = { email: OWNER.email.toUpperCase(), password: OWNER.password };
    expect(await house.browser().json('POST', '/api/sign-in', right)).toEqual({
      secondFactor: false,
    });
    for (const wrong of [
      { ...right, password: 'something else' },
      { ...right, email: 'nobody@example.com' },
    ]) {
      expect(await house.browser().refused('POST', '/api/sign-in', wrong)).toEqual([
        401,
        'unauthenticated',
      ]);
    }
  });

  it('ends with the session: what was signed out is signed out everywhere', async () => {
    const browser = house.browser();
    await browser.json('POST', '/api/sign-in', OWNER);
    const { csrf, cookies } = { csrf: await browser.session<Session>(), cookies: browser.cookies };
    expect(csrf.person?.email).toBe(OWNER.email);
    await browser.json('POST', '/api/sign-out');
    const answer = await fetch(`${house.url}/api/session`, { headers: { cookie: cookies } });
    expect(await answer.json()).toMatchObject({ person: null });
  });

  it('is limited by rate, at an account and from an address', async () => {
    await using other = await webHouse();
    const browser = other.browser();
    const wrong = { email: 'someone@example.com', password: 'wrong password' };
    const codes: number[] = [];
    for (let i = 0; i < 12; i++)
      codes.push((await browser.request('POST', '/api/sign-in', wrong)).status);
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(codes.slice(10)).toEqual([429, 429]);
    const spoofed = await browser.request('POST', '/api/sign-in', wrong, {
      'x-forwarded-for': '10.1.2.3',
      'x-breakeven-peer': '10.1.2.3',
    });
    expect(spoofed.status).toBe(429);
    expect(Number(spoofed.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('asks for the second factor, and takes a backup code once', async () => {
    const wrongPassword = await owner.refused('POST', '/api/me/two-factor', { password: 'wrong' });
    expect(wrongPassword).toEqual([403, 'forbidden']);
    const begun = await owner.json<TwoFactorStart>('POST', '/api/me/two-factor', {
      password: OWNER.password,
    });
    expect(begun.uri).toMatch(/^otpauth:\/\/totp\/Breakeven/);
    await owner.json('POST', '/api/me/two-factor/confirm', { code: totp(begun.uri) });
    expect((await owner.session<Session>()).person?.twoFactor).toBe(true);

    const browser = house.browser();
    expect(await browser.json('POST', '/api/sign-in', OWNER)).toEqual({ secondFactor: true });
    expect((await browser.session<Session>()).person).toBeNull();
    const path = '/api/sign-in/second-factor';
    expect(await browser.refused('POST', path, { code: '000000' })).toEqual([
      401,
      'unauthenticated',
    ]);
    await browser.json('POST', path, { code: totp(begun.uri) });
    expect((await browser.session<Session>()).person?.name).toBe('Ada');

    const code = begun.backupCodes[0];
    const withBackup = house.browser();
    await withBackup.json('POST', '/api/sign-in', OWNER);
    await withBackup.json('POST', path, { code, backup: true });
    const again = house.browser();
    await again.json('POST', '/api/sign-in', OWNER);
    expect(await again.refused('POST', path, { code, backup: true })).toEqual([
      401,
      'unauthenticated',
    ]);
    const { rows } = await house.database.pool.query('SELECT * FROM person_two_factor');
    expect(JSON.stringify(rows)).not.toContain(new URL(begun.uri).searchParams.get('secret'));
    await owner.json('POST', '/api/me/two-factor/stop', { password: OWNER.password });
    await owner.session();
  });

  it('lists sessions and ends them', async () => {
    const browser = house.browser();
    await browser.json('POST', '/api/sign-in', OWNER);
    await browser.session();
    const { rows } = await browser.json<{ rows: SessionRow[] }>('GET', '/api/me/sessions');
    expect(rows.filter(({ current }) => current)).toHaveLength(1);
    expect(rows.length).toBeGreaterThan(1);
    await browser.json('POST', '/api/me/sessions/end-others');
    const left = await browser.json<{ rows: SessionRow[] }>('GET', '/api/me/sessions');
    expect(left.rows).toHaveLength(1);
    expect((await owner.session<Session>()).person).toBeNull();
    await owner.json('POST', '/api/sign-in', OWNER);
    await owner.session();
  });
});

describe('writes under a session', () => {
  const profile = { name: 'Ada L.' };

  it('need the token, and our own page', async () => {
    expect(await owner.refused('POST', '/api/me/profile', profile, { 'x-csrf-token': '' })).toEqual(
      [403, 'forbidden'],
    );
    expect(
      await owner.refused('POST', '/api/me/profile', profile, { 'x-csrf-token': 'x'.repeat(43) }),
    ).toEqual([403, 'forbidden']);
    const evil = { origin: 'https://evil.example' };
    expect(await owner.refused('POST', '/api/me/profile', profile, evil)).toEqual([
      403,
      'forbidden',
    ]);
    expect(await house.browser().refused('POST', '/api/sign-in', OWNER, evil)).toEqual([
      403,
      'forbidden',
    ]);
    expect((await owner.session<Session>()).person?.name).toBe('Ada');
    await owner.json('POST', '/api/me/profile', profile);
    expect((await owner.session<Session>()).person?.name).toBe('Ada L.');
  });

  it('take no token of another session', async () => {
    const other = house.browser();
    await other.json('POST', '/api/sign-in', OWNER);
    await other.session();
    expect(
      await owner.refused('POST', '/api/me/profile', profile, { 'x-csrf-token': other.csrf }),
    ).toEqual([403, 'forbidden']);
  });

  it('are judged by a key alone where one is sent', async () => {
    const headers = { authorization: 'Bearer op-be-wrong' };
    expect(await owner.refused('POST', '/api/me/profile', profile, headers)).toEqual([
      401,
      'unauthenticated',
    ]);
  });
});

describe('joining', () => {
  it('is by invitation at first, then as the owner decides', async () => {
    const stranger = { name: 'Sam', email: 'sam@example.com', password };
    const signUp = () => house.browser().refused('POST', '/api/sign-up', stranger);
    expect(await signUp()).toEqual([403, 'forbidden']);
    const invite = await owner.json<IssuedInvite>('POST', '/api/invites', { kind: 'customer' });
    const token = new URL(invite.url).searchParams.get('invite');
    expect(await house.browser().json('GET', `/api/invites/look?token=${token}`)).toMatchObject({
      kind: 'customer',
    });
    const kim = await joined(invite, 'Kim');
    expect(await kim.session<Session>()).toMatchObject({
      operator: null,
      customer: { name: 'Kim', role: 'admin' },
    });
    const reused = { ...stranger, invite: token };
    expect(await house.browser().refused('POST', '/api/sign-up', reused)).toEqual([
      403,
      'forbidden',
    ]);
  });

  it('makes operators of a role, who may do what it allows', async () => {
    const invite = await owner.json<IssuedInvite>('POST', '/api/invites', {
      kind: 'operator',
      role: 'support',
    });
    const lee = await joined(invite, 'Lee');
    expect((await lee.session<Session>()).operator).toEqual({ role: 'support' });
    expect((await lee.request('GET', '/api/health')).status).toBe(200);
    expect(await lee.refused('POST', '/api/invites', { kind: 'customer' })).toEqual([
      403,
      'forbidden',
    ]);
    const people = await owner.json<{ rows: { id: string; name: string; role: string }[] }>(
      'GET',
      '/api/people/operators',
    );
    const self = people.rows.find(({ role }) => role === 'owner');
    expect(await owner.refused('POST', `/api/people/${self?.id}/role`, { role: null })).toEqual([
      409,
      'conflict',
    ]);
    const reset = await owner.json<PasswordLink>(
      'POST',
      `/api/people/${people.rows.find(({ name }) => name === 'Lee')?.id}/password-reset`,
    );
    // Nothing mails here; it holds for a day.
    expect(reset.mail).toBeNull();
    expect(reset.expiresAtMs / 86_400_000).toBeCloseTo(Date.now() / 86_400_000 + 1, 2);
    const token = new URL(reset.url).searchParams.get('reset');
    const fresh = house.browser();
    await fresh.json('POST', '/api/password-reset', { token, password: 'another password' });
    expect((await fresh.session<Session>()).person?.name).toBe('Lee');
    expect((await lee.session<Session>()).person).toBeNull();
  });

  it('erases a person and leaves the books whole', async () => {
    const invite = await owner.json<IssuedInvite>('POST', '/api/invites', { kind: 'customer' });
    const zoe = await joined(invite, 'Zoe');
    const session = await zoe.session<Session>();
    await zoe.json('POST', '/api/chat/settings', {
      about: 'I am Zoe.',
      style: '',
      instructionsOn: true,
      askAboveNanoUsd: 0,
      remoteImages: false,
    });
    expect(await zoe.refused('POST', '/api/me/delete', { password: 'wrong' })).toEqual([
      403,
      'forbidden',
    ]);
    await zoe.json('POST', '/api/me/delete', { password });
    expect((await zoe.session<Session>()).person).toBeNull();
    const { pool } = house.database;
    const { rows } = await pool.query(
      'SELECT name, email, person_id FROM member WHERE removed_at IS NOT NULL',
    );
    expect(rows).toEqual([{ name: '(erased)', email: null, person_id: null }]);
    const people = await pool.query("SELECT FROM person WHERE email = 'zoe@example.com'");
    expect(people.rows).toEqual([]);
    const chosen = await pool.query("SELECT FROM chat_settings WHERE about LIKE '%Zoe%'");
    expect(chosen.rows).toEqual([]);
    const audit = await owner.json<{ ok: boolean }>('POST', '/api/audit', {});
    expect(audit.ok).toBe(true);
    expect(session.customer?.id).toMatch(/^cus_/);
    expect(await owner.refused('POST', '/api/me/delete', { password: OWNER.password })).toEqual([
      409,
      'conflict',
    ]);
  });
});
