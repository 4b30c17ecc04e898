import { z } from 'zod';
import { OPERATOR_ROLES } from '#accounts/operator-keys.store.ts';
import { idParam, nameField } from '../fields.ts';
import { publicRoute, route, type Route } from '../route.ts';
import { inviteLook, issuedInvite, passwordLink, session, signedIn } from '../shapes/session.ts';
import { operatorPeople } from '../shapes/settings.ts';

export const PASSWORD_CHARS_MIN = 10;
export const passwordField = z.string().min(PASSWORD_CHARS_MIN).max(128);
/** A password that is tried may be any: what it must look like is no hint to give. */
const triedPassword = z.string().min(1).max(128);
const address = z.email().max(320);
const token = z.string().min(20).max(200);
const newPerson = { name: nameField, email: address, password: passwordField };

/** Who calls, set-up, sign-in, invitations, and the people who operate the installation. */
export const sessionRoutes: readonly Route[] = [
  publicRoute({
    method: 'GET',
    path: '/session',
    summary: 'Who calls, as what, and whether the installation waits for its owner.',
    output: session,
    run: ({ caller, request, services }) => services.identity.session(caller, request),
  }),
  publicRoute({
    method: 'POST',
    path: '/setup',
    summary: 'Makes the owner with the one-time token that `start` printed, and signs them in.',
    input: z.object({ token, ...newPerson }),
    output: signedIn,
    run: ({ input, request, services }) => services.identity.setUp(request, input),
  }),
  route({
    method: 'POST',
    path: '/setup/address',
    role: 'owner',
    summary: 'A new one-time set-up address, while no person owns the installation.',
    run: ({ services }) => services.identity.setUpAddress(),
  }),
  publicRoute({
    method: 'POST',
    path: '/sign-in',
    summary: 'Signs in with e-mail and password; may ask for a second factor.',
    input: z.object({ email: address, password: triedPassword }),
    output: signedIn,
    run: ({ input, request, services }) => services.identity.signIn(request, input),
  }),
  publicRoute({
    method: 'POST',
    path: '/sign-in/second-factor',
    summary: 'Ends a sign-in with a code of the authenticator, or one of the backup codes.',
    input: z.object({ code: z.string().trim().min(6).max(40), backup: z.boolean().default(false) }),
    output: signedIn,
    run: ({ input, request, services }) => services.identity.secondFactor(request, input),
  }),
  publicRoute({
    method: 'POST',
    path: '/sign-out',
    summary: 'Ends this session.',
    run: ({ request, services }) => services.identity.signOut(request),
  }),
  publicRoute({
    method: 'POST',
    path: '/sign-up',
    summary: 'Joins by an invitation, or freely where registration is open, and signs in.',
    input: z.object({ ...newPerson, invite: token.optional() }),
    output: signedIn,
    run: ({ input: { invite, ...person }, request, services }) =>
      services.identity.signUp(request, { ...person, ...(invite !== undefined && { invite }) }),
  }),
  publicRoute({
    method: 'GET',
    path: '/invites/look',
    summary: 'What an invitation is for.',
    input: z.object({ token }),
    output: inviteLook,
    run: ({ input, request, services }) => services.identity.lookAtInvite(request, input.token),
  }),
  publicRoute({
    method: 'POST',
    path: '/password-reset',
    summary: 'Sets a new password with a one-time token from an operator, and signs in.',
    input: z.object({ token, password: passwordField }),
    output: signedIn,
    run: ({ input, request, services }) => services.identity.resetPassword(request, input),
  }),
  publicRoute({
    method: 'POST',
    path: '/password-reset/mail',
    summary:
      'Mails a one-time address for a new password to whoever has this e-mail, if anybody has.',
    input: z.object({ email: address }),
    run: ({ input, request, services }) => services.identity.askForPassword(request, input.email),
  }),
  route({
    method: 'GET',
    path: '/people/operators',
    role: 'support',
    summary: 'The people who operate the installation.',
    output: operatorPeople,
    run: ({ services }) => services.identity.operatorPeople(),
  }),
  route({
    method: 'POST',
    path: '/people/:person/role',
    role: 'owner',
    summary: 'Changes what a person may do as an operator; `null` takes it away.',
    input: z.object({ role: z.enum(OPERATOR_ROLES).nullable() }),
    run: ({ input, params, services }) =>
      services.identity.changeOperator(
        idParam('person', params['person']),
        input.role ?? undefined,
      ),
  }),
  route({
    method: 'POST',
    path: '/people/:person/password-reset',
    role: 'owner',
    summary: 'A one-time address with which a person sets a new password.',
    output: passwordLink,
    run: ({ params, services }) =>
      services.identity.passwordReset(idParam('person', params['person'])),
  }),
  route({
    method: 'GET',
    path: '/invites',
    role: 'support',
    summary: 'Open invitations of operators and new customers.',
    run: ({ services }) => services.identity.invites(undefined),
  }),
  route({
    method: 'POST',
    path: '/invites',
    role: 'owner',
    summary:
      'Invites an operator, or a new customer; the address is in this answer and nowhere else.',
    input: z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('operator'),
        role: z.enum(OPERATOR_ROLES),
        email: address.optional(),
      }),
      z.object({ kind: z.literal('customer'), email: address.optional() }),
    ]),
    output: issuedInvite,
    run: ({ input, actor, services }) =>
      input.kind === 'operator'
        ? services.identity.inviteOperator(actor.name, input.role, input.email)
        : services.identity.inviteCustomer(actor.name, input.email),
  }),
  route({
    method: 'DELETE',
    path: '/invites/:invite',
    role: 'owner',
    summary: 'Takes an invitation back.',
    run: ({ params, services }) =>
      services.identity.revokeInvite(undefined, idParam('invite', params['invite'])),
  }),
];
