import { listOpenAlerts, markAlertSeen } from '#accounts/customer-alerts.store.ts';
import { deleteMailServer, saveMailServer } from '#accounts/mail-server.store.ts';
import { countWaitingMail } from '#accounts/mail-waiting.store.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { idFromUuid, uuidOf } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import type { MailServices } from '#http/mail-services.ts';
import type { MailSettings } from '#http/shapes/mail.ts';
import type { Pool } from 'pg';
import { mailText } from './mail-text.ts';
import type { Mailer } from './mailer.ts';

export interface MailParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly masterKey: Buffer;
  readonly mailer: Mailer;
}

/** The mail server as its owner sets it up, and alerts as customers see them. */
export function mailServices(parts: MailParts): MailServices {
  const { pool, clock, mailer } = parts;
  const settings = async (): Promise<MailSettings> => {
    const [server, mail] = await Promise.all([mailer.server(), countWaitingMail(pool)]);
    return {
      server: server
        ? {
            host: server.host,
            port: server.port,
            security: server.security,
            user: server.user ?? null,
            from: server.from,
            hasPassword: server.password !== undefined,
          }
        : null,
      ...mail,
    };
  };
  return {
    settings,
    async save(input) {
      const before = input.password === undefined ? await mailer.server() : undefined;
      const isSame = before?.host === input.host && before.user === input.user;
      const password = input.password ?? (isSame ? before.password : undefined);
      if (input.user !== undefined && password === undefined)
        throw new DomainError('invalid_request', 'password: this user needs one.', {
          field: 'password',
        });
      await saveMailServer(
        pool,
        { ...input, password: input.user === undefined ? undefined : password },
        parts,
      );
      return settings();
    },
    async forget() {
      await deleteMailServer(pool);
      return settings();
    },
    async test(to) {
      const said = await mailer.send({ to, ...mailText({ about: 'test' }, null) });
      if (said === undefined) throw new DomainError('conflict', 'Name a mail server first.');
      return { isTaken: said.isTaken, answer: said.answer };
    },
    async alerts({ book, customerId, memberId, role }, personId) {
      const rows = await listOpenAlerts(pool, {
        book,
        customer: uuidOf(customerId),
        member: uuidOf(memberId),
        isAdmin: role === 'admin',
        person: uuidOf(personId),
        nowMs: clock.nowMs(),
      });
      return {
        rows: rows.map(({ id, gate, per_mille, at, facts }) => ({
          id: idFromUuid('alert', id),
          gate,
          share: per_mille / 1000,
          atMs: at.getTime(),
          ...facts,
          classes: [...facts.classes],
        })),
      };
    },
    async putAway({ book, customerId }, personId, id) {
      const who = { book, customer: uuidOf(customerId), person: uuidOf(personId) };
      if (!(await markAlertSeen(pool, who, uuidOf(id))))
        throw new DomainError('not_found', `You have no alert ${id}.`);
    },
  };
}
