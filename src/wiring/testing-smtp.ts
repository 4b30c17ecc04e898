import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** How a server behaves: takes mail, refuses it for now or for ever, or says nothing after the greeting. */
export type SmtpMood = 'takes' | 'later' | 'never' | 'hangs';

/** A real SMTP server on a free port of this machine, that keeps what it was given. */
export class TestSmtp implements AsyncDisposable {
  readonly #server: SMTPServer;
  readonly mails: string[] = [];
  mood: SmtpMood = 'takes';

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _session, done) =>
        username === 'postman' && password === 'a secret of the post'
          ? done(null, { user: username })
          : done(new Error('wrong user or password')),
      onRcptTo: (_address, _session, done) => {
        if (this.mood === 'hangs') return;
        if (this.mood === 'later') return done(smtpError(451, 'greylisted, try again'));
        if (this.mood === 'never') return done(smtpError(550, 'no such mailbox'));
        done();
      },
      onData: (stream, _session, done) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          this.mails.push(Buffer.concat(parts).toString('utf8'));
          done(null, 'queued as 4W');
        });
      },
    });
    this.#server.on('error', () => undefined);
  }

  static async start(): Promise<TestSmtp> {
    const smtp = new TestSmtp();
    await new Promise<void>((resolve) => {
      smtp.#server.listen(0, '127.0.0.1', resolve);
    });
    return smtp;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  /** Mails to an address: their head, and the text of their text part. */
  to(address: string): readonly string[] {
    return this.#of(address).map((mail) => decoded(mail, 'text/plain'));
  }

  /** The HTML part of the mails to an address, with the head of its part. */
  htmlTo(address: string): readonly string[] {
    return this.#of(address).map((mail) => decoded(mail, 'text/html'));
  }

  #of(address: string): readonly string[] {
    return this.mails.filter((mail) => mail.includes(`To: ${address}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }
}

function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** One part of a mail of several, after the head of all. */
function decoded(mail: string, type: string): string {
  const { head, body } = split(mail);
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1];
  if (boundary === undefined) return `${head}\r\n\r\n${bodyText(head, body)}`;
  const parts = body.split(`--${boundary}`).map((part) => split(part.trimStart()));
  const part = parts.find((each) => each.head.toLowerCase().includes(type));
  return `${head}\r\n\r\n${part ? bodyText(part.head, part.body) : ''}`;
}

function split(mail: string): { readonly head: string; readonly body: string } {
  const at = mail.indexOf('\r\n\r\n');
  return at < 0 ? { head: mail, body: '' } : { head: mail.slice(0, at), body: mail.slice(at + 4) };
}

/** Quoted-printable and base64 bodies as text. */
function bodyText(head: string, body: string): string {
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/transfer-encoding: quoted-printable/i.test(head)) return body;
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
