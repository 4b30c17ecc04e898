import type { MemberRole } from '#accounts/customers.store.ts';
import type { OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Id } from '#base/id.ts';
import type { Caller, Membership } from './caller.ts';
import type {
  Invite,
  InviteLook,
  IssuedInvite,
  PasswordLink,
  Session,
  SessionRow,
  TwoFactorStart,
} from './shapes/session.ts';
import type { OperatorPerson } from './shapes/settings.ts';

interface NewPerson {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

/**
 * Who people are. Answers that begin or end a session are `Response`s, since they set cookies; the
 * request tells the address that is limited by rate.
 */
export interface IdentityServices {
  session(caller: Caller | undefined, request: Request): Promise<Session>;
  /** A new one-time address for making an owner. @throws DomainError `conflict` where there is one. */
  setUpAddress(): Promise<{ url: string }>;
  /** @throws DomainError `forbidden` for a token that is unknown, used or too old; `rate_limited` */
  setUp(request: Request, owner: NewPerson & { readonly token: string }): Promise<Response>;
  /** @throws DomainError `unauthenticated`, `rate_limited` */
  signIn(
    request: Request,
    who: { readonly email: string; readonly password: string },
  ): Promise<Response>;
  /** @throws DomainError `unauthenticated`, `rate_limited` */
  secondFactor(
    request: Request,
    factor: { readonly code: string; readonly backup: boolean },
  ): Promise<Response>;
  signOut(request: Request): Promise<Response>;
  /** @throws DomainError `forbidden` where registration is not open, `conflict`, `rate_limited` */
  signUp(request: Request, person: NewPerson & { readonly invite?: string }): Promise<Response>;
  /** @throws DomainError `not_found`, `rate_limited` */
  lookAtInvite(request: Request, token: string): Promise<InviteLook>;
  inviteOperator(by: string, role: OperatorRole, email?: string): Promise<IssuedInvite>;
  /** For a customer who does not exist yet. */
  inviteCustomer(by: string, email?: string): Promise<IssuedInvite>;
  inviteMember(
    by: string,
    member: Membership,
    invite: { readonly role: MemberRole; readonly email?: string },
  ): Promise<IssuedInvite>;
  invites(of: Membership | undefined): Promise<{ rows: readonly Invite[] }>;
  /** @throws DomainError `not_found` */
  revokeInvite(of: Membership | undefined, id: Id<'invite'>): Promise<void>;
  operatorPeople(): Promise<{ rows: readonly OperatorPerson[] }>;
  /** @throws DomainError `not_found`, `conflict` where nobody would own the installation */
  changeOperator(id: Id<'person'>, role: OperatorRole | undefined): Promise<void>;
  /** A one-time address to set a new password. @throws DomainError `not_found` */
  passwordReset(id: Id<'person'>): Promise<PasswordLink>;
  /** Mails it to whoever has this address, if anybody has. @throws DomainError `rate_limited` */
  askForPassword(request: Request, email: string): Promise<void>;
  resetPassword(
    request: Request,
    input: { readonly token: string; readonly password: string },
  ): Promise<Response>;
  startTwoFactor(request: Request, password: string): Promise<TwoFactorStart>;
  confirmTwoFactor(request: Request, code: string): Promise<Response>;
  stopTwoFactor(request: Request, password: string): Promise<Response>;
  sessions(request: Request): Promise<{ rows: readonly SessionRow[] }>;
  /** @throws DomainError `not_found` */
  endSession(request: Request, id: string): Promise<void>;
  endOtherSessions(request: Request): Promise<void>;
  changePassword(
    request: Request,
    input: { readonly password: string; readonly newPassword: string },
  ): Promise<Response>;
  changeProfile(
    id: Id<'person'>,
    input: { readonly name?: string; readonly language?: 'en' | 'zh' },
  ): Promise<void>;
  /** Erases the person; what was booked stays. @throws DomainError `unauthenticated`, `conflict` */
  erase(
    request: Request,
    who: { readonly personId: Id<'person'>; readonly member: Membership | undefined },
    password: string,
  ): Promise<Response>;
}
