import { z } from 'zod';
import { idParam } from '../fields.ts';
import { customerRoute, route, type Route } from '../route.ts';
import { mailSecurity, mailSettings, mailTest, myAlerts } from '../shapes/mail.ts';

/** No line breaks: what stands in a header stays in it. */
const line = z
  .string()
  .trim()
  .regex(/^[^\r\n]*$/);
const sender = line
  .min(3)
  .max(320)
  .regex(/^(?:[^<>@]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, 'must hold an e-mail address');

/** The installation's mail server, and what customers are warned of in time. */
export const mailRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/console/mail',
    role: 'support',
    summary: 'The mail server (never its password) and what waits to be sent.',
    output: mailSettings,
    run: ({ services }) => services.mail.settings(),
  }),
  route({
    method: 'POST',
    path: '/console/mail',
    role: 'owner',
    summary: 'Names the mail server; without a password the stored one stays.',
    input: z.object({
      host: line.min(1).max(255),
      port: z.int().min(1).max(65_535),
      security: mailSecurity,
      user: line.max(320).optional(),
      password: z.string().min(1).max(1000).optional(),
      from: sender,
    }),
    output: mailSettings,
    run: ({ input, services }) =>
      services.mail.save({
        ...input,
        user: input.user === '' ? undefined : input.user,
        password: input.password,
      }),
  }),
  route({
    method: 'DELETE',
    path: '/console/mail',
    role: 'owner',
    summary: 'Sends no mail any more, and forgets the server.',
    output: mailSettings,
    run: ({ services }) => services.mail.forget(),
  }),
  route({
    method: 'POST',
    path: '/console/mail/test',
    role: 'owner',
    summary: 'Sends a test mail now; the answer is what the server said.',
    input: z.object({ to: z.email().max(320) }),
    output: mailTest,
    run: ({ input, services }) => services.mail.test(input.to),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/alerts',
    least: 'member',
    summary: 'Limits that have reached a share that the customer wanted to be told of.',
    output: myAlerts,
    run: ({ member, personId, services }) => services.mail.alerts(member, personId),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/alerts/:alert/seen',
    least: 'member',
    summary: 'Puts an alert away, for the caller alone.',
    run: ({ params, member, personId, services }) =>
      services.mail.putAway(member, personId, idParam('alert', params['alert'])),
  }),
];
