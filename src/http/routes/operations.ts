import { z } from 'zod';
import { OPERATOR_ROLES } from '#accounts/operator-keys.store.ts';
import { BOOKS } from '#base/book.ts';
import { bookField, idParam, instantField, nameField } from '../fields.ts';
import { route, type Route } from '../route.ts';
import type { LongWork } from '../services.ts';

const documentInput = z.object({ document: z.string().min(1).max(2_000_000) });

/** Operators' keys, suppliers, the offer, the books, the demo. */
export const operationRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/operators',
    role: 'owner',
    summary: 'Makes an operator key. Its secret is in this answer and nowhere else.',
    input: z.object({ name: nameField, role: z.enum(OPERATOR_ROLES) }),
    run: ({ input, services }) => services.operators.create(input),
  }),
  route({
    method: 'GET',
    path: '/operators',
    role: 'owner',
    summary: 'Operators by their keys; prefixes, never secrets.',
    run: ({ services }) => services.operators.list(),
  }),
  route({
    method: 'DELETE',
    path: '/operators/:key',
    role: 'owner',
    summary: 'Revokes an operator key.',
    run: ({ params, services }) => services.operators.revoke(idParam('operatorKey', params['key'])),
  }),
  route({
    method: 'GET',
    path: '/suppliers',
    role: 'support',
    summary: 'Suppliers, and whether each has a key.',
    run: ({ services }) => services.suppliers.list(),
  }),
  route({
    method: 'POST',
    path: '/suppliers/:supplier/key',
    role: 'operator',
    summary: 'Stores the key that a supplier gave us, encrypted.',
    input: z.object({ key: z.string().min(1).max(1000) }),
    run: ({ input, params, services }) =>
      services.suppliers.setKey(params['supplier'] ?? '', input.key),
  }),
  route({
    method: 'DELETE',
    path: '/suppliers/:supplier/key',
    role: 'operator',
    summary: "Forgets a supplier's key.",
    run: ({ params, services }) => services.suppliers.removeKey(params['supplier'] ?? ''),
  }),
  route({
    method: 'GET',
    path: '/plans',
    role: 'support',
    summary: 'The plans on offer, each in its current version.',
    run: ({ services }) => services.offer.plans(),
  }),
  route({
    method: 'GET',
    path: '/offer',
    role: 'support',
    summary: 'The breakeven.yaml in force; null before the first.',
    run: ({ services }) => services.offer.inForce(),
  }),
  route({
    method: 'POST',
    path: '/offer/diff',
    role: 'support',
    summary: 'What applying a breakeven.yaml would change.',
    input: documentInput,
    run: ({ input, services }) => services.offer.diff(input.document),
  }),
  route({
    method: 'POST',
    path: '/offer/apply',
    role: 'operator',
    summary: 'Publishes a breakeven.yaml as new versions; all of it or nothing.',
    input: documentInput.extend({ correction: z.boolean().default(false) }),
    run: ({ input, services, actor }) =>
      services.offer.apply(input.document, { appliedBy: actor.name, correction: input.correction }),
  }),
  route({
    method: 'POST',
    path: '/offer/undo',
    role: 'operator',
    summary: 'Points back to the versions before the last apply.',
    run: ({ services, actor }) => services.offer.undo(actor.name),
  }),
  route({
    method: 'GET',
    path: '/prices/diff',
    role: 'support',
    summary: 'What importing the bundled price table would change.',
    run: ({ services }) => services.offer.pricesDiff(),
  }),
  route({
    method: 'POST',
    path: '/prices/import',
    role: 'operator',
    summary: 'Imports the bundled price table as new price versions.',
    run: ({ services, actor }) => services.offer.pricesImport(actor.name),
  }),
  route({
    method: 'GET',
    path: '/reports/pnl',
    role: 'support',
    summary: 'Profit and loss by plan, customer or model.',
    input: z.object({
      book: bookField,
      by: z.enum(['plan', 'customer', 'model']).default('plan'),
      from: instantField.optional(),
      to: instantField.optional(),
    }),
    run: ({ input, services }) =>
      services.books.pnl({
        book: input.book,
        by: input.by,
        ...(input.from !== undefined && { fromMs: input.from }),
        ...(input.to !== undefined && { toMs: input.to }),
      }),
  }),
  route({
    method: 'GET',
    path: '/requests/:request/why',
    role: 'support',
    summary: 'The whole decision about a request.',
    run: ({ params, services }) => services.books.why(idParam('request', params['request'])),
  }),
  route({
    method: 'POST',
    path: '/audit',
    role: 'support',
    summary: 'Proves the books, or names what does not add up.',
    input: z.object({ book: z.enum(BOOKS).optional() }),
    run: ({ input, services }) =>
      services.books.audit(input.book === undefined ? {} : { book: input.book }),
  }),
  route({
    method: 'POST',
    path: '/backup',
    role: 'owner',
    summary: 'Writes a consistent backup to a file on the server.',
    input: z.object({ path: z.string().min(1).max(4000) }),
    run: ({ input, services }) => services.books.backup(input.path),
  }),
  route({
    method: 'POST',
    path: '/demo',
    role: 'operator',
    summary: 'Fills the demo book with generated subscribers; streams its progress.',
    streams: true,
    input: z.object({
      subscribers: z.number().int().min(10).max(1_000_000).default(500),
      days: z.number().int().min(1).max(366).default(30),
      calibration: z.enum(['light', 'typical', 'heavy']).default('typical'),
      seed: z.number().int().min(0).default(1),
    }),
    run:
      async ({ input, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.demo.load(input, progress, signal),
  }),
  route({
    method: 'DELETE',
    path: '/demo',
    role: 'operator',
    summary: 'Drops the demo book and nothing else.',
    run: ({ services }) => services.demo.drop(),
  }),
  route({
    method: 'GET',
    path: '/health',
    role: 'support',
    summary: 'How each part of the installation is.',
    run: ({ services }) => services.health(),
  }),
];
