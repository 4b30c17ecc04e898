import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock as clock } from '#base/clock.ts';
import { systemRandom as random } from '#base/random.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { Alerts } from '#wiring/alerts.ts';
import { PlanBook } from '#wiring/plan-book.ts';
import { TestSmtp } from '#wiring/testing-smtp.ts';
import type { MailSettings, MailTest, MyAlert } from '#http/shapes/mail.ts';
import type { IssuedInvite, PasswordLink, Session } from '#http/shapes/session.ts';
import { eventually } from '../system/installation.ts';
import type { BrowserLike } from './browser-like.ts';
import { OWNER, webHouse, type WebHouse } from './house.ts';

let house: WebHouse;
let smtp: TestSmtp;
let owner: BrowserLike;
let kim: BrowserLike;
const password = 'a long enough password';
const secret = 'a secret of the post';

const serverOf = () => ({
  host: '127.0.0.1',
  port: smtp.port,
  security: 'none',
  user: 'postman',
  from: 'Breakeven <mail@breakeven.example>',
});

/** The one-time address in a mail. */
function addressIn(mail: string | undefined, name: string): string {
  return new URL(/http\S+/.exec(mail ?? '')?.[0] ?? 'http://nothing').searchParams.get(name) ?? '';
}

beforeAll(async () => {
  house = await webHouse();
  smtp = await TestSmtp.start();
  owner = await house.owner();
}, 60_000);
afterAll(async () => {
  await house?.[Symbol.asyncDispose]();
  await smtp?.[Symbol.asyncDispose]();
});

describe('the mail server', () => {
  it('is named by the owner, tried with a mail, and never tells its password', async () => {
    expect((await owner.session<Session>()).sendsMail).toBe(false);
    expect(await owner.refused('POST', '/api/console/mail/test', { to: 'x@example.com' })).toEqual([
      409,
      'conflict',
    ]);
    expect(await owner.refused('POST', '/api/console/mail', serverOf())).toEqual([
      400,
      'invalid_request',
    ]);
    const saved = await owner.json<MailSettings>('POST', '/api/console/mail', {
      ...serverOf(),
      password: secret,
    });
    expect(saved.server).toEqual({ ...serverOf(), hasPassword: true });
    const { rows } = await house.database.pool.query('SELECT password FROM mail_server');
    expect(String(rows[0]?.password)).not.toContain(secret);
    const test = { to: OWNER.email };
    expect(await owner.json<MailTest>('POST', '/api/console/mail/test', test)).toEqual({
      isTaken: true,
      answer: expect.stringContaining('250'),
    });
    smtp.mood = 'later';
    expect(await owner.json<MailTest>('POST', '/api/console/mail/test', test)).toEqual({
      isTaken: false,
      answer: expect.stringContaining('greylisted'),
    });
    smtp.mood = 'takes';
    expect(smtp.to(OWNER.email)).toHaveLength(1);
  });

  it('keeps its password for itself: another host needs it typed again', async () => {
    await owner.json('POST', '/api/console/mail', { ...serverOf(), port: smtp.port });
    expect(
      await owner.refused('POST', '/api/console/mail', { ...serverOf(), host: 'mail.example.com' }),
    ).toEqual([400, 'invalid_request']);
    const header = { ...serverOf(), from: 'a@example.com\r\nBcc: b@example.com' };
    expect(await owner.refused('POST', '/api/console/mail', header)).toEqual([
      400,
      'invalid_request',
    ]);
  });
});

describe('mail with an address in it', () => {
  it('invites, and the address joins', async () => {
    const invited = await owner.json<IssuedInvite>('POST', '/api/invites', {
      kind: 'customer',
      email: 'kim@example.com',
    });
    expect(invited.mail).toEqual({ isTaken: true, answer: expect.stringContaining('250') });
    const invite = addressIn(smtp.to('kim@example.com')[0], 'invite');
    kim = house.browser();
    const person = { invite, name: 'Kim', email: 'kim@example.com', password };
    await kim.json('POST', '/api/sign-up', person);
    await kim.session();
    await kim.json('POST', '/api/me/profile', { language: 'zh' });
  });

  it('sets a new password for whoever asks, in their language, and tells nobody who has an account', async () => {
    const asking = house.browser();
    await asking.session();
    const known = await asking.request('POST', '/api/password-reset/mail', {
      email: 'Kim@example.com',
    });
    const unknown = await asking.request('POST', '/api/password-reset/mail', {
      email: 'no@example.com',
    });
    expect(known.status).toBe(unknown.status);
    expect(await known.text()).toBe(await unknown.text());
    const mail = await eventually('the mail', 10_000, async () => smtp.to('kim@example.com')[1]);
    expect(mail).toContain('设置新密码');
    const token = addressIn(mail, 'reset');
    const next = 'another password of hers';
    await asking.json('POST', '/api/password-reset', { token, password: next });
    expect(await asking.refused('POST', '/api/password-reset', { token, password: next })).toEqual([
      403,
      'forbidden',
    ]);
    // Every session before it has ended.
    expect((await kim.session<Session>()).person).toBeNull();
    await kim.json('POST', '/api/sign-in', { email: 'kim@example.com', password: next });
    await kim.session();
    expect(smtp.to('no@example.com')).toEqual([]);
  });

  it('goes out with the link that an owner makes for a forgotten password', async () => {
    const { person } = await kim.session<Session>();
    const path = `/api/people/${person?.id}/password-reset`;
    const { url, mail } = await owner.json<PasswordLink>('POST', path);
    expect(mail).toEqual({ isTaken: true, answer: expect.stringContaining('250') });
    const sent = addressIn(smtp.to('kim@example.com')[2], 'reset');
    expect(new URL(url).searchParams.get('reset')).toBe(sent);
  });
});

describe('an alert', () => {
  const ask = async (key: string): Promise<void> => {
    const answer = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sim-fast', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  /** What another process, or this one after a restart, would look with. */
  const looking = async (): Promise<Alerts> => {
    const { pool } = house.database;
    const catalog = await loadCatalog(pool);
    const plans = new PlanBook({ pool, catalog: () => catalog, clock });
    await plans.reload();
    const mailer = {
      server: async () => ({ ...serverOf(), security: 'none', password: secret }) as const,
    };
    return new Alerts({ pool, clock, random, plans, mailer, publicUrl: () => house.url });
  };
  const alerts = async (): Promise<readonly MyAlert[]> =>
    (await kim.json<{ rows: MyAlert[] }>('GET', '/api/me/alerts')).rows;

  it('is told once for each share in each window, however many look and how often', async () => {
    // 40 messages a day: a tenth is four.
    await kim.json('POST', '/api/me/settings', { alertAt: [0.05, 0.1, 0.2] });
    const { secret: key } = await kim.json<{ secret: string }>('POST', '/api/me/keys', {
      name: 'k',
    });
    const before = smtp.to('kim@example.com').length;
    for (let n = 0; n < 4; n++) await ask(key);
    const [first, second] = [await looking(), await looking()];
    await Promise.all([first.look(), second.look(), first.look(), second.look()]);
    await (await looking()).look();
    expect(await alerts()).toMatchObject([
      { gate: 'daily', share: 0.1, unit: 'messages', used: 4000, limit: 40_000 },
    ]);
    const sent = async (count: number) =>
      eventually(
        `${count} mails`,
        30_000,
        async () => smtp.to('kim@example.com').length === before + count || undefined,
      );
    await sent(1);
    expect(smtp.to('kim@example.com').at(-1)).toContain('已用 10%');

    for (let n = 0; n < 4; n++) await ask(key);
    await Promise.all([second.look(), (await looking()).look()]);
    await sent(2);
    expect((await alerts()).map(({ share }) => share)).toEqual([0.2, 0.1]);
    expect(await house.database.pool.query('SELECT FROM mail_waiting')).toMatchObject({
      rowCount: 0,
    });
  }, 90_000);

  it('is put away by each person for themselves, and is no business of others', async () => {
    const [alert] = await alerts();
    const path = `/api/me/alerts/${alert?.id}/seen`;
    expect(await owner.refused('POST', path)).toEqual([404, 'not_found']);
    await kim.json('POST', path);
    await kim.json('POST', path);
    expect((await alerts()).map(({ share }) => share)).toEqual([0.1]);
  });
});
