import type { Logger } from 'pino';
import type { MailServices } from '#http/mail-services.ts';
import { Alerts, type AlertDeps } from './alerts.ts';
import { mailServices } from './mail-services.ts';
import { Mailer } from './mailer.ts';
import { Repeating } from './repeating.ts';

export interface OpenMail {
  readonly mailer: Mailer;
  readonly services: MailServices;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 20_000;
const SEND_EVERY_MS = 10_000;

/** Opens the mail: looks for limits that fill, and sends what waits. */
export function openMail(
  parts: Omit<AlertDeps, 'mailer'> & { readonly masterKey: Buffer; readonly log: Logger },
): OpenMail {
  const { log } = parts;
  const mailer = new Mailer(parts);
  const alerts = new Alerts({ ...parts, mailer });
  const looking = new Repeating(
    LOOK_EVERY_MS,
    () => alerts.look(),
    (error) => log.error({ err: error }, 'cannot look for limits that fill'),
  );
  const sending = new Repeating(
    SEND_EVERY_MS,
    () => mailer.flush(),
    (error) => log.error({ err: error }, 'cannot send mail'),
  );
  return {
    mailer,
    services: mailServices({ ...parts, mailer }),
    async close() {
      await Promise.all([looking[Symbol.asyncDispose](), sending[Symbol.asyncDispose]()]);
    },
  };
}
