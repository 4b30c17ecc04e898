import { z } from 'zod';
import { nameField } from '../fields.ts';
import { personRoute, type Route } from '../route.ts';
import { sessionRow, twoFactorStart } from '../shapes/session.ts';
import { passwordField } from './session.ts';

const triedPassword = z.string().min(1).max(128);

/** What belongs to a person, whatever they are: profile, password, second factor, sessions. */
export const personRoutes: readonly Route[] = [
  personRoute({
    method: 'POST',
    path: '/me/profile',
    summary: 'Changes name and language.',
    input: z.object({ name: nameField.optional(), language: z.enum(['en', 'zh']).optional() }),
    run: ({ input, personId, services }) =>
      services.identity.changeProfile(personId, {
        ...(input.name !== undefined && { name: input.name }),
        ...(input.language !== undefined && { language: input.language }),
      }),
  }),
  personRoute({
    method: 'POST',
    path: '/me/password',
    summary: 'Changes the password; other sessions end.',
    input: z.object({ password: triedPassword, newPassword: passwordField }),
    run: ({ input, request, services }) => services.identity.changePassword(request, input),
  }),
  personRoute({
    method: 'POST',
    path: '/me/two-factor',
    summary: 'Begins two-factor sign-in: an address for the authenticator, and backup codes.',
    input: z.object({ password: triedPassword }),
    output: twoFactorStart,
    run: ({ input, request, services }) =>
      services.identity.startTwoFactor(request, input.password),
  }),
  personRoute({
    method: 'POST',
    path: '/me/two-factor/confirm',
    summary: 'Turns two-factor sign-in on with a first code.',
    input: z.object({ code: z.string().trim().min(6).max(10) }),
    run: ({ input, request, services }) => services.identity.confirmTwoFactor(request, input.code),
  }),
  personRoute({
    method: 'POST',
    path: '/me/two-factor/stop',
    summary: 'Turns two-factor sign-in off.',
    input: z.object({ password: triedPassword }),
    run: ({ input, request, services }) => services.identity.stopTwoFactor(request, input.password),
  }),
  personRoute({
    method: 'GET',
    path: '/me/sessions',
    summary: 'Where the person is signed in.',
    output: z.object({ rows: z.array(sessionRow) }),
    run: ({ request, services }) => services.identity.sessions(request),
  }),
  personRoute({
    method: 'DELETE',
    path: '/me/sessions/:session',
    summary: 'Ends one session.',
    run: ({ params, request, services }) =>
      services.identity.endSession(request, params['session'] ?? ''),
  }),
  personRoute({
    method: 'POST',
    path: '/me/sessions/end-others',
    summary: 'Ends all sessions but this one.',
    run: ({ request, services }) => services.identity.endOtherSessions(request),
  }),
  personRoute({
    method: 'POST',
    path: '/me/delete',
    summary: 'Erases the person, with their conversations; the books keep opaque ids only.',
    input: z.object({ password: triedPassword }),
    run: ({ input, personId, caller, request, services }) =>
      services.identity.erase(request, { personId, member: caller?.member }, input.password),
  }),
];
