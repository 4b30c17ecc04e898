import { z } from 'zod';
import { KEY_SCOPES } from '#accounts/api-keys.store.ts';
import {
  bookField,
  emailField,
  idField,
  idParam,
  instantField,
  nameField,
  timeZoneField,
  usdField,
} from '../fields.ts';
import { route, type Route } from '../route.ts';

const DAY_SECONDS = 86_400;

const inBook = z.object({ book: bookField });

/** Customers, their members, plans, credits and API keys. */
export const customerRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/customers',
    role: 'operator',
    summary: 'Adds a customer and subscribes them to a plan.',
    input: z.object({
      book: bookField,
      name: nameField,
      email: emailField,
      plan: z.string().default('free'),
      timeZone: timeZoneField,
    }),
    run: ({ input, services }) =>
      services.customers.create({
        book: input.book,
        name: input.name,
        plan: input.plan,
        timeZone: input.timeZone,
        ...(input.email !== undefined && { email: input.email }),
      }),
  }),
  route({
    method: 'GET',
    path: '/customers',
    role: 'support',
    summary: 'Customers of a book, newest first, a page at a time.',
    input: z.object({
      book: bookField,
      limit: z.coerce.number().int().min(1).max(1000).default(50),
      after: idField('customer').optional(),
    }),
    run: ({ input, services }) =>
      services.customers.list({
        book: input.book,
        limit: input.limit,
        ...(input.after !== undefined && { after: input.after }),
      }),
  }),
  route({
    method: 'GET',
    path: '/customers/:customer',
    role: 'support',
    summary: 'A customer with plan, balances, gates and keys.',
    input: inBook,
    run: ({ input, params, services }) =>
      services.customers.show(input.book, idParam('customer', params['customer'])),
  }),
  route({
    method: 'POST',
    path: '/customers/:customer/plan',
    role: 'operator',
    summary: 'Moves a customer to the current version of a plan, now and prorated.',
    input: z.object({ book: bookField, plan: z.string().min(1) }),
    run: ({ input, params, services }) =>
      services.customers.changePlan({
        book: input.book,
        customerId: idParam('customer', params['customer']),
        plan: input.plan,
      }),
  }),
  route({
    method: 'POST',
    path: '/customers/:customer/credits',
    role: 'operator',
    summary: 'Grants credits. The same reference grants once, however often it is sent.',
    input: z.object({
      book: bookField,
      kind: z.enum(['promotional', 'bought']),
      amountUsd: usdField,
      expiresAt: instantField.optional(),
      reference: z.string().min(1).max(200),
    }),
    run: ({ input, params, services }) =>
      services.customers.grant({
        book: input.book,
        customerId: idParam('customer', params['customer']),
        kind: input.kind,
        amountNanoUsd: input.amountUsd,
        reference: input.reference,
        ...(input.expiresAt !== undefined && { expiresAtMs: input.expiresAt }),
      }),
  }),
  route({
    method: 'POST',
    path: '/customers/:customer/members',
    role: 'operator',
    summary: 'Adds a member to a customer.',
    input: z.object({
      book: bookField,
      name: nameField,
      email: emailField,
      role: z.enum(['admin', 'member']).default('member'),
    }),
    run: ({ input, params, services }) =>
      services.customers.addMember({
        book: input.book,
        customerId: idParam('customer', params['customer']),
        name: input.name,
        role: input.role,
        ...(input.email !== undefined && { email: input.email }),
      }),
  }),
  route({
    method: 'GET',
    path: '/customers/:customer/members',
    role: 'support',
    summary: 'Members of a customer.',
    input: inBook,
    run: ({ input, params, services }) =>
      services.customers.members(input.book, idParam('customer', params['customer'])),
  }),
  route({
    method: 'POST',
    path: '/customers/:customer/keys',
    role: 'operator',
    summary: 'Makes an API key. Its secret is in this answer and nowhere else.',
    input: z.object({
      book: bookField,
      name: nameField,
      memberId: idField('member').optional(),
      scopes: z.array(z.enum(KEY_SCOPES)).min(1).optional(),
      capUsd: usdField.optional(),
      expiresAt: instantField.optional(),
    }),
    run: ({ input, params, services }) =>
      services.keys.create({
        book: input.book,
        customerId: idParam('customer', params['customer']),
        name: input.name,
        ...(input.memberId !== undefined && { memberId: input.memberId }),
        ...(input.scopes !== undefined && { scopes: input.scopes }),
        ...(input.capUsd !== undefined && { capNanoUsd: input.capUsd }),
        ...(input.expiresAt !== undefined && { expiresAt: new Date(input.expiresAt) }),
      }),
  }),
  route({
    method: 'GET',
    path: '/customers/:customer/keys',
    role: 'support',
    summary: 'API keys of a customer; prefixes, never secrets.',
    input: inBook,
    run: ({ input, params, services }) =>
      services.keys.list(input.book, idParam('customer', params['customer'])),
  }),
  route({
    method: 'POST',
    path: '/keys/:key/rotate',
    role: 'operator',
    summary: 'Makes a successor with the same rights; the old key ends after the grace period.',
    input: z.object({
      graceSeconds: z
        .number()
        .int()
        .min(0)
        .max(90 * DAY_SECONDS)
        .default(DAY_SECONDS),
    }),
    run: ({ input, params, services }) =>
      services.keys.rotate(idParam('apiKey', params['key']), input.graceSeconds * 1000),
  }),
  route({
    method: 'DELETE',
    path: '/keys/:key',
    role: 'operator',
    summary: 'Revokes an API key; every process refuses it within a second.',
    run: async ({ params, services }) => services.keys.revoke(idParam('apiKey', params['key'])),
  }),
];
