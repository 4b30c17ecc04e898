import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { insertPerson } from '#accounts/people.store.ts';
import { saveMailServer } from '#accounts/mail-server.store.ts';
import { countWaitingMail, insertWaitingMail } from '#accounts/mail-waiting.store.ts';
import { newId, uuidOf } from '#base/id.ts';
import { systemRandom as random } from '#base/random.ts';
import { transaction } from '#db/pool.ts';
import { testDatabase } from '#testing/database.ts';
import { Mailer } from './mailer.ts';
import { TestSmtp } from './testing-smtp.ts';

const masterKey = Buffer.alloc(32, 7);

async function post(password = 'a secret of the post') {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const smtp = await TestSmtp.start();
  onTestFinished(() => smtp[Symbol.asyncDispose]());
  const { pool } = database;
  const clock = { atMs: Date.UTC(2026, 10, 24), nowMs: () => clock.atMs };
  const server = { host: '127.0.0.1', port: smtp.port, security: 'none', user: 'postman' } as const;
  const from = 'Breakeven <mail@breakeven.example>';
  await saveMailServer(pool, { ...server, password, from }, { masterKey, random });
  const options = { pool, clock, masterKey, log: pino({ level: 'silent' }) };
  const write = (count: number) =>
    transaction(pool, async (client) => {
      for (let n = 0; n < count; n++) {
        const id = newId('person', clock, random);
        const email = `reader${n}@example.com`;
        await insertPerson(client, {
          id,
          name: 'R',
          email,
          passwordHash: 'none',
          credentialId: newId('person', clock, random),
        });
        const mail = { id: uuidOf(newId('alert', clock, random)), person: uuidOf(id) };
        await insertWaitingMail(
          client,
          { ...mail, subject: `Mail ${n}`, body: `已用 80% = ${n}\n` },
          new Date(clock.atMs),
        );
      }
    });
  return { pool, smtp, clock, write, mailer: new Mailer(options), other: new Mailer(options) };
}

it('sends each mail once, whoever else sends', async () => {
  const { smtp, write, mailer, other, pool } = await post();
  await write(15);
  await Promise.all([mailer.flush(), other.flush(), mailer.flush(), other.flush()]);
  expect(smtp.mails).toHaveLength(15);
  const [mail] = smtp.to('reader3@example.com');
  expect(mail).toContain('已用 80% = 3');
  expect(smtp.htmlTo('reader3@example.com')[0]).toContain('>已用 80% = 3</p>');
  expect(mail).toContain('From: Breakeven <mail@breakeven.example>');
  expect(mail).toMatch(/Message-ID: <[0-9a-f-]{36}@breakeven\.example>/);
  expect(await countWaitingMail(pool)).toMatchObject({ waiting: 0, givenUp: 0 });
  await mailer.flush();
  expect(smtp.mails).toHaveLength(15);
}, 30_000);

it('waits where the server says later, keeps what it said, and gives up where it says never', async () => {
  const { smtp, write, mailer, clock, pool } = await post();
  await write(1);
  smtp.mood = 'later';
  await mailer.flush();
  await mailer.flush();
  expect(await countWaitingMail(pool)).toMatchObject({
    waiting: 1,
    answer: expect.stringContaining('451'),
  });
  smtp.mood = 'takes';
  await mailer.flush();
  expect(smtp.mails).toHaveLength(0);
  clock.atMs += 61_000;
  await mailer.flush();
  expect(smtp.mails).toHaveLength(1);

  const next = await post();
  await next.write(1);
  next.smtp.mood = 'never';
  await next.mailer.flush();
  expect(await countWaitingMail(next.pool)).toMatchObject({
    waiting: 0,
    givenUp: 1,
    answer: expect.stringContaining('no such mailbox'),
  });
}, 60_000);

it('comes back from a server that says nothing, one that is away, and a wrong password', async () => {
  const { smtp, mailer } = await post();
  const mail = { to: 'x@example.com', subject: 'S', text: 'T' };
  smtp.mood = 'hangs';
  const begun = performance.now();
  expect(await mailer.send(mail)).toMatchObject({ isTaken: false, isWorthRetrying: true });
  expect(performance.now() - begun).toBeLessThan(30_000);

  const wrong = await post('not the secret');
  const said = await wrong.mailer.send(mail);
  expect(said).toMatchObject({ isTaken: false, isWorthRetrying: true });
  expect(said?.answer).toContain('535');
  await wrong.smtp[Symbol.asyncDispose]();
  expect((await wrong.mailer.send(mail))?.answer).toContain('ECONNREFUSED');
}, 90_000);
