import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type MailServer, readMailServer } from '#accounts/mail-server.store.ts';
import {
  claimWaitingMail,
  deleteWaitingMail,
  forgetWaitingMail,
  postponeWaitingMail,
} from '#accounts/mail-waiting.store.ts';
import type { Clock } from '#base/clock.ts';
import { mailHtml } from './mail-html.ts';

/** A mail, in words; it leaves as text and, drawn from that, as HTML. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What the server said: `250 2.0.0 queued as 4W`, or why it did not take the mail. */
export interface MailAnswer {
  readonly isTaken: boolean;
  readonly answer: string;
  /** It may take it later. */
  readonly isWorthRetrying: boolean;
}

const CONNECT_MS = 5_000;
const SILENCE_MS = 10_000;
/** All of it, whatever the server does meanwhile. */
const WHOLE_MS = 30_000;
const CLAIM_MS = 60_000;
const PER_PASS = 20;
const FORGET_AFTER_MS = 7 * 86_400_000;
/** After the first, second, … refusal; from then on the last. */
const RETRY_AFTER_MS = [60_000, 300_000, 1_800_000, 7_200_000];

export interface MailerOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly masterKey: Buffer;
  readonly log: Logger;
}

/**
 * Gives mail to the server that the owner named. Mail that waits is claimed, sent, and deleted once the
 * server has said 250: two processes never send one mail, and a refusal or a restart postpones it. Only
 * a process that dies between the server's 250 and the deletion sends twice, under one Message-ID.
 */
export class Mailer {
  readonly #options: MailerOptions;

  constructor(options: MailerOptions) {
    this.#options = options;
  }

  /** The server in force; `undefined`: nothing is sent. */
  server(): Promise<MailServer | undefined> {
    return readMailServer(this.#options.pool, this.#options.masterKey);
  }

  /** Sends at once and keeps nothing. @returns `undefined` where no server is set up */
  async send(mail: Mail): Promise<MailAnswer | undefined> {
    const server = await this.server();
    return server && deliver(server, mail);
  }

  /** Sends what waits, as much as one pass takes. */
  async flush(): Promise<void> {
    const { pool, clock, log } = this.#options;
    const nowMs = clock.nowMs();
    await forgetWaitingMail(pool, new Date(nowMs - FORGET_AFTER_MS));
    const server = await this.server();
    if (server === undefined) return;
    const due = await claimWaitingMail(pool, {
      now: new Date(nowMs),
      claimedUntil: new Date(nowMs + CLAIM_MS),
      limit: PER_PASS,
    });
    await Promise.all(
      due.map(async ({ id, to, subject, body, tries }) => {
        const said = await deliver(server, { to, subject, text: body }, id);
        if (said.isTaken) return deleteWaitingMail(pool, id);
        log.warn({ answer: said.answer, tries }, 'the mail server did not take a mail');
        const afterMs = RETRY_AFTER_MS[Math.min(tries, RETRY_AFTER_MS.length) - 1] ?? 0;
        await postponeWaitingMail(pool, id, {
          answer: said.answer,
          nextTryAt: said.isWorthRetrying ? new Date(clock.nowMs() + afterMs) : undefined,
        });
      }),
    );
  }
}

/** Hands one mail over. Never throws: what went wrong is the answer. */
export async function deliver(server: MailServer, mail: Mail, id?: string): Promise<MailAnswer> {
  const { host, port, security, user, password, from } = server;
  const { createTransport } = await import('nodemailer'); // most processes never send one
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // Text of ours alone: nothing is read from files or fetched from addresses.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The mail server took longer than ${WHOLE_MS / 1000} seconds.`)),
      WHOLE_MS,
    );
  });
  try {
    const domain = /@([^>\s]+)/.exec(from)?.[1] ?? host;
    const messageId = id === undefined ? {} : { messageId: `<${id}@${domain}>` };
    const { response } = await Promise.race([
      transport.sendMail({ from, ...mail, html: mailHtml(mail), ...messageId }),
      tooLong,
    ]);
    return { isTaken: true, answer: response, isWorthRetrying: false };
  } catch (error) {
    const { responseCode } = error as { responseCode?: number };
    const answer = error instanceof Error ? error.message : String(error);
    // 5xx is for ever, 4xx and silence for now (RFC 5321, 4.2.1); a wrong password may be mended.
    const isForEver = responseCode !== undefined && responseCode >= 550 && responseCode < 560;
    return { isTaken: false, answer, isWorthRetrying: !isForEver };
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}
