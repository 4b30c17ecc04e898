import type { Id } from '#base/id.ts';
import type { Membership } from './caller.ts';
import type { MailSettings, MailTest, MyAlert } from './shapes/mail.ts';

/** A mail server as an owner types it. */
export interface MailServerInput {
  readonly host: string;
  readonly port: number;
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user: string | undefined;
  /** `undefined`: the one that is stored, if host and user are the same. */
  readonly password: string | undefined;
  readonly from: string;
}

/** The mail server, and what customers are warned of. */
export interface MailServices {
  settings(): Promise<MailSettings>;
  /** @throws DomainError `invalid_request` where a user has no password */
  save(server: MailServerInput): Promise<MailSettings>;
  forget(): Promise<MailSettings>;
  /** @throws DomainError `conflict` where no server is set up */
  test(to: string): Promise<MailTest>;
  alerts(member: Membership, personId: Id<'person'>): Promise<{ rows: MyAlert[] }>;
  /** @throws DomainError `not_found` */
  putAway(member: Membership, personId: Id<'person'>, id: Id<'alert'>): Promise<void>;
}
