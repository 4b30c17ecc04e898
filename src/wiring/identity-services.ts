import { readCustomer } from '#accounts/customers.store.ts';
import { readInstallationSettings } from '#accounts/installation-settings.store.ts';
import {
  deleteOneTimeToken,
  listInvites,
  type OneTimeToken,
} from '#accounts/one-time-tokens.store.ts';
import { hasMailServer } from '#accounts/mail-server.store.ts';
import {
  endSessions,
  erasePerson,
  findPersonByEmail,
  hasOwner,
  listOperatorPeople,
  listSessions,
  lockOperators,
  readPasswordHash,
  readStanding,
  setOperatorRole,
  setPasswordHash,
  updateProfile,
} from '#accounts/people.store.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import { transaction } from '#db/pool.ts';
import type { IdentityServices } from '#http/identity-services.ts';
import type { Invite, IssuedInvite, Session } from '#http/shapes/session.ts';
import { type Language, type MailMatter, mailText } from './mail-text.ts';
import { joining, INVITATIONS } from './identity-joining.ts';
import { countTry, type IdentityParts, requireSession, withCookies } from './identity-parts.ts';
import { mintToken, requireToken, setUpAddress, type TokenFacts } from './identity-tokens.ts';

const WRONG = 'E-mail address or password is wrong.';

/** Who people are: set-up, sign-in, second factors, invitations, operators. */
export function identityServices(parts: IdentityParts): IdentityServices {
  const signInAs = (request: Request, who: { email: string; password: string }) =>
    signInEmail(parts, request, who);
  return {
    ...joining(parts, signInAs),
    ...invitations(parts),
    ...ownSecurity(parts),
    ...operatorPeople(parts),
    session: (caller, request) => sessionOf(parts, caller?.personId, request),
    async setUpAddress() {
      const url = await setUpAddress(parts);
      if (url === undefined)
        throw new DomainError('conflict', 'A person owns this installation already.');
      return { url };
    },
    async signIn(request, who) {
      await countTry(parts.pool, request, { kind: 'sign-in', account: who.email });
      return signInEmail(parts, request, who);
    },
    async secondFactor(request, { code, backup }) {
      await countTry(parts.pool, request, { kind: 'second factor' });
      const { api } = parts.signIn.auth;
      const call = { body: { code }, headers: request.headers, asResponse: true as const };
      const response = backup ? await api.verifyBackupCode(call) : await api.verifyTOTP(call);
      if (!response.ok) throw new DomainError('unauthenticated', 'This code is wrong or too old.');
      return withCookies({ secondFactor: false }, response);
    },
    async signOut(request) {
      const { headers } = request;
      const response = await parts.signIn.auth.api.signOut({ headers, asResponse: true });
      return withCookies({ ok: true }, response);
    },
  };
}

async function signInEmail(
  parts: IdentityParts,
  request: Request,
  { email, password }: { readonly email: string; readonly password: string },
): Promise<Response> {
  const response = await parts.signIn.auth.api.signInEmail({
    body: { email: email.toLowerCase(), password },
    headers: request.headers,
    asResponse: true,
  });
  if (response.status >= 500) throw new DomainError('internal', 'Sign-in failed.');
  if (!response.ok) throw new DomainError('unauthenticated', WRONG);
  const answer = (await response.json()) as { twoFactorRedirect?: boolean };
  return withCookies({ secondFactor: answer.twoFactorRedirect === true }, response);
}

async function sessionOf(
  parts: IdentityParts,
  personId: Id<'person'> | undefined,
  request: Request,
): Promise<Session> {
  const standing = personId && (await readStanding(parts.pool, personId));
  // Also of a session that has ended: its cookie still comes with the next sign-in.
  const cookie = parts.signIn.sessionCookie(request.headers);
  const { registration } = await readInstallationSettings(parts.pool);
  const member = standing?.member;
  return {
    needsSetup: !(await hasOwner(parts.pool)),
    registration,
    simulated: parts.isSimulated(),
    sendsMail: await hasMailServer(parts.pool),
    csrf: cookie ? parts.signIn.csrfOf(cookie) : null,
    person: standing
      ? {
          id: standing.person.id,
          name: standing.person.name,
          email: standing.person.email,
          twoFactor: standing.person.twoFactor,
          language: standing.person.language ?? null,
          sinceMs: standing.person.createdAt.getTime(),
        }
      : null,
    operator: standing?.operatorRole ? { role: standing.operatorRole } : null,
    customer: member
      ? {
          book: member.book,
          id: member.customerId,
          name: member.customerName,
          memberId: member.memberId,
          role: member.role,
          plan: await parts.planOf(member.book, member.customerId),
        }
      : null,
  };
}

type Part<Key extends keyof IdentityServices> = Pick<IdentityServices, Key>;

function invitations(
  parts: IdentityParts,
): Part<
  'lookAtInvite' | 'inviteOperator' | 'inviteCustomer' | 'inviteMember' | 'invites' | 'revokeInvite'
> {
  const issue = async (
    purpose: (typeof INVITATIONS)[number],
    facts: TokenFacts,
  ): Promise<IssuedInvite> => {
    const { token, secret } = await mintToken(parts, purpose, facts);
    const url = `${parts.publicUrl()}/sign-in?invite=${secret}`;
    const { createdBy: by, expiresAt: until } = token;
    const mail = await mailed(parts, token.email, { about: 'invitation', by, url, until });
    return { invite: inviteOf(token), url, mail };
  };
  const mail = (email: string | undefined) => (email === undefined ? {} : { email });
  return {
    async lookAtInvite(request, secret) {
      await countTry(parts.pool, request, { kind: 'invitation' });
      const token = await requireToken(parts, secret, INVITATIONS);
      const customer =
        token.customer && (await readCustomer(parts.pool, token.customer.book, token.customer.id));
      return {
        kind: token.purpose as Invite['kind'],
        role: token.role ?? 'admin',
        customerName: customer?.name ?? null,
        email: token.email ?? null,
        expiresAtMs: token.expiresAt.getTime(),
      };
    },
    inviteOperator: (createdBy, role, email) =>
      issue('operator', { createdBy, role, ...mail(email) }),
    inviteCustomer: (createdBy, email) =>
      issue('customer', { createdBy, role: 'admin', ...mail(email) }),
    inviteMember: (createdBy, { book, customerId }, { role, email }) =>
      issue('member', { createdBy, role, customer: { book, id: customerId }, ...mail(email) }),
    async invites(of) {
      const rows = await listInvites(parts.pool, of, new Date(parts.clock.nowMs()));
      return { rows: rows.map(inviteOf) };
    },
    async revokeInvite(of, id) {
      // Only what its owner could list: another's is not found.
      const own = await listInvites(parts.pool, of, new Date(0));
      if (!own.some((token) => token.id === id) || !(await deleteOneTimeToken(parts.pool, id)))
        throw new DomainError('not_found', `There is no invitation ${id}.`);
    },
  };
}

/** What the mail server said of a mail with an address that is also on the screen. */
async function mailed(
  { mailer }: IdentityParts,
  to: string | undefined,
  matter: MailMatter,
  language: Language | null = null,
): Promise<IssuedInvite['mail']> {
  const said =
    to === undefined ? undefined : await mailer.send({ to, ...mailText(matter, language) });
  return said ? { isTaken: said.isTaken, answer: said.answer } : null;
}

function inviteOf(token: OneTimeToken): Invite {
  return {
    id: token.id,
    kind: token.purpose as Invite['kind'],
    role: token.role ?? 'admin',
    email: token.email ?? null,
    createdBy: token.createdBy,
    expiresAtMs: token.expiresAt.getTime(),
  };
}

function operatorPeople(
  parts: IdentityParts,
): Part<
  | 'operatorPeople'
  | 'changeOperator'
  | 'passwordReset'
  | 'askForPassword'
  | 'resetPassword'
  | 'changeProfile'
> {
  const { pool } = parts;
  return {
    async operatorPeople() {
      const people = await listOperatorPeople(pool);
      return {
        rows: people.map(({ person, operatorRole = 'support' }) => ({
          id: person.id,
          name: person.name,
          email: person.email,
          role: operatorRole,
          twoFactor: person.twoFactor,
          sinceMs: person.createdAt.getTime(),
        })),
      };
    },
    async changeOperator(id, role) {
      await transaction(pool, async (client) => {
        await lockOperators(client);
        await setOperatorRole(client, id, role);
        if (!(await hasOwner(client)))
          throw new DomainError('conflict', 'Nobody would own the installation any more.', {
            field: 'role',
          });
      });
    },
    async passwordReset(id) {
      const standing = await readStanding(pool, id);
      if (!standing) throw new DomainError('not_found', `There is no person ${id}.`);
      const { url, until } = await resetAddress(parts, id, 'owner');
      const { email, language = null } = standing.person;
      const mail = await mailed(parts, email, { about: 'password', url, until }, language);
      return { url, expiresAtMs: until.getTime(), mail };
    },
    async askForPassword(request, email) {
      await countTry(pool, request, { kind: 'password mail', account: email });
      // Not waited for: neither the answer nor its time tells whether somebody has this address.
      void sendReset(parts, email).catch((error: unknown) => parts.onTrouble(error));
    },
    async resetPassword(request, { token: secret, password }) {
      await countTry(pool, request, { kind: 'password reset' });
      const { personId } = await requireToken(parts, secret, ['password']);
      const context = await parts.signIn.auth.$context;
      const hash = await context.password.hash(password);
      const standing = personId && (await readStanding(pool, personId));
      if (!standing)
        throw new DomainError('forbidden', 'This address is too old.', { field: 'token' });
      await transaction(pool, async (client) => {
        const token = await requireToken(parts, secret, ['password'], client);
        await deleteOneTimeToken(client, token.id);
        await setPasswordHash(client, standing.person.id, hash);
      });
      return signInEmail(parts, request, { email: standing.person.email, password });
    },
    changeProfile: (id, change) => updateProfile(pool, id, change),
  };
}

async function resetAddress(parts: IdentityParts, personId: Id<'person'>, createdBy: string) {
  const { token, secret } = await mintToken(parts, 'password', { createdBy, personId });
  return { url: `${parts.publicUrl()}/sign-in?reset=${secret}`, until: token.expiresAt };
}

/** Mails somebody who forgot their password an address; nothing where nobody has that e-mail. */
async function sendReset(parts: IdentityParts, email: string): Promise<void> {
  const person = await findPersonByEmail(parts.pool, email);
  if (!person || !(await hasMailServer(parts.pool))) return;
  const { url, until } = await resetAddress(parts, person.id, 'themselves');
  // To the address on record, not to the one that was typed.
  const said = await mailed(
    parts,
    person.email,
    { about: 'password', url, until },
    person.language,
  );
  if (said?.isTaken === false) parts.onTrouble(new Error(said.answer));
}

function ownSecurity(
  parts: IdentityParts,
): Part<
  | 'startTwoFactor'
  | 'confirmTwoFactor'
  | 'stopTwoFactor'
  | 'sessions'
  | 'endSession'
  | 'endOtherSessions'
  | 'changePassword'
  | 'erase'
> {
  const { pool, signIn } = parts;
  const { api } = signIn.auth;
  const requirePassword = async (
    request: Request,
    personId: Id<'person'>,
    password: string,
  ): Promise<void> => {
    await countTry(pool, request, { kind: 'password', account: personId });
    const hash = await readPasswordHash(pool, personId);
    const context = await signIn.auth.$context;
    if (hash === undefined || !(await context.password.verify({ hash, password })))
      throw new DomainError('forbidden', 'The password is wrong.', { field: 'password' });
  };
  return {
    async startTwoFactor(request, password) {
      const { personId } = await requireSession(signIn, request.headers);
      await requirePassword(request, personId, password);
      const begun = await api.enableTwoFactor({ body: { password }, headers: request.headers });
      if (!('totpURI' in begun)) throw new DomainError('internal', 'No authenticator was begun.');
      return { uri: begun.totpURI, backupCodes: begun.backupCodes };
    },
    async confirmTwoFactor(request, code) {
      const { personId } = await requireSession(signIn, request.headers);
      await countTry(pool, request, { kind: 'second factor', account: personId });
      const response = await api.verifyTOTP({
        body: { code },
        headers: request.headers,
        asResponse: true,
      });
      if (!response.ok)
        throw new DomainError('invalid_request', 'This code is wrong or too old.', {
          field: 'code',
        });
      return withCookies({ ok: true }, response);
    },
    async stopTwoFactor(request, password) {
      const { personId } = await requireSession(signIn, request.headers);
      await requirePassword(request, personId, password);
      const response = await api.disableTwoFactor({
        body: { password },
        headers: request.headers,
        asResponse: true,
      });
      if (!response.ok) throw new DomainError('conflict', 'There is no second factor to turn off.');
      return withCookies({ ok: true }, response);
    },
    async sessions(request) {
      const { personId, token } = await requireSession(signIn, request.headers);
      const rows = await listSessions(pool, personId);
      return {
        rows: rows.map((row) => ({
          id: row.id,
          current: row.token === token,
          createdAtMs: row.createdAt.getTime(),
          lastUsedAtMs: row.updatedAt.getTime(),
          address: row.ipAddress,
          device: row.userAgent,
        })),
      };
    },
    async endSession(request, id) {
      const { personId } = await requireSession(signIn, request.headers);
      if ((await endSessions(pool, personId, { id })) === 0)
        throw new DomainError('not_found', 'There is no such session.');
    },
    async endOtherSessions(request) {
      const { personId, token } = await requireSession(signIn, request.headers);
      await endSessions(pool, personId, { allBut: token });
    },
    async changePassword(request, { password, newPassword }) {
      const { personId, token } = await requireSession(signIn, request.headers);
      await requirePassword(request, personId, password);
      const response = await api.changePassword({
        body: { currentPassword: password, newPassword },
        headers: request.headers,
        asResponse: true,
      });
      if (!response.ok) throw new DomainError('forbidden', 'The password was not changed.');
      await endSessions(pool, personId, { allBut: token });
      return withCookies({ ok: true }, response);
    },
    async erase(request, { personId, member }, password) {
      await requirePassword(request, personId, password);
      await transaction(pool, async (client) => {
        await lockOperators(client);
        const standing = await readStanding(client, personId);
        if (standing?.operatorRole === 'owner') {
          await setOperatorRole(client, personId, undefined);
          if (!(await hasOwner(client)))
            throw new DomainError(
              'conflict',
              'Make somebody else an owner first: nobody would own the installation any more.',
              { field: 'role' },
            );
        }
        await erasePerson(client, personId);
      });
      if (member) await parts.endKeys(member);
      const { headers } = request;
      const goodbye = await api.signOut({ headers, asResponse: true });
      return withCookies({ ok: true }, goodbye);
    },
  };
}
