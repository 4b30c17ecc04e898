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

  /** Mails to an address, their text decoded. */
  to(address: string): readonly string[] {
    return this.mails.filter((mail) => mail.includes(`To: ${address}`)).map(decoded);
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

/** Quoted-printable and base64 bodies as text. */
function decoded(mail: string): string {
  const at = mail.indexOf('\r\n\r\n');
  const [head, body] = [mail.slice(0, at), mail.slice(at + 4)];
  if (/transfer-encoding: base64/i.test(head))
    return `${head}\r\n\r\n${Buffer.from(body, 'base64').toString('utf8')}`;
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return `${head}\r\n\r\n${Buffer.from(bytes, 'latin1').toString('utf8')}`;
}
