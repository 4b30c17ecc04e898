import { z } from 'zod';
import {
  accountOperationsPage,
  decisionsPage,
  notesPage,
  postingsPage,
  refundAnswer,
} from '../shapes/customers.ts';
import { actionsPage, balancesPage, incidentsPage } from '../shapes/ledger.ts';
import { planChangePreview } from '../shapes/plans.ts';
import { settings } from '../shapes/settings.ts';
import { registration } from '../shapes/session.ts';
import { bookField, idField, idParam, usdField } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { periodFields, periodInput, tableFields, tableInput } from '../table-input.ts';

const inBook = z.object({ book: bookField });
const decisionFilter = {
  verdict: z.enum(['admitted', 'refused']).optional(),
  gate: z.string().max(200).optional(),
  model: z.string().max(200).optional(),
  plan: z.string().max(40).optional(),
};
const decisionsInput = z.object({ ...periodFields, ...tableFields(['at']), ...decisionFilter });
const postingsInput = z.object({
  ...periodFields,
  ...tableFields(['at']),
  kind: z.string().max(40).optional(),
  account: z.string().max(200).optional(),
});

/** Decisions, postings and what else the books hold, and the few things that an operator changes in them. */
export const consoleBookRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/console/decisions',
    role: 'support',
    summary: 'Decisions of all customers, refusals too; newest first, or oldest by `order`.',
    input: decisionsInput,
    output: decisionsPage,
    run: ({ input, services }) =>
      services.console.decisions(
        { book: input.book },
        periodInput(input),
        input,
        tableInput(input),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/decisions',
    role: 'support',
    summary: 'Decisions of a customer, refusals too; newest first, or oldest by `order`.',
    input: decisionsInput,
    output: decisionsPage,
    run: ({ input, params, services }) =>
      services.console.decisions(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        periodInput(input),
        input,
        tableInput(input),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/ledger/postings',
    role: 'support',
    summary: 'The journal; newest first, or oldest by `order`.',
    input: postingsInput,
    output: postingsPage,
    run: ({ input, services }) =>
      services.console.postings({ book: input.book }, periodInput(input), input, tableInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/ledger/balances',
    role: 'support',
    summary: 'Balances of all ledger accounts, folded from the journal.',
    input: z.object({ book: bookField, format: z.enum(['json', 'csv']).default('json') }),
    output: balancesPage,
    run: ({ input, services }) => services.console.balances(input.book),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/postings',
    role: 'support',
    summary: 'The journal of a customer; newest first, or oldest by `order`.',
    input: postingsInput,
    output: postingsPage,
    run: ({ input, params, services }) =>
      services.console.postings(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        periodInput(input),
        input,
        tableInput(input),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/operations',
    role: 'support',
    summary:
      'Grants, refunds, renewals and changes of a customer; newest first, or oldest by `order`.',
    input: z.object({ book: bookField, ...tableFields(['seq']) }),
    output: accountOperationsPage,
    run: ({ input, params, services }) =>
      services.console.operations(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        tableInput(input),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/notes',
    role: 'support',
    summary: 'What operators wrote down about a customer.',
    input: inBook,
    output: notesPage,
    run: ({ input, params, services }) =>
      services.console.notes({
        book: input.book,
        customerId: idParam('customer', params['customer']),
      }),
  }),
  route({
    method: 'POST',
    path: '/console/customers/:customer/notes',
    role: 'support',
    summary: 'Writes a note about a customer.',
    input: z.object({ book: bookField, text: z.string().trim().min(1).max(4000) }),
    run: ({ input, params, services, actor }) =>
      services.console.addNote(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        { author: actor.name, text: input.text },
      ),
  }),
  route({
    method: 'POST',
    path: '/console/customers/:customer/refunds',
    role: 'operator',
    summary:
      'Gives back what paid for a request; without `confirm` it only says how much that would be.',
    input: z.object({
      book: bookField,
      requestId: idField('request'),
      amountUsd: usdField.optional(),
      confirm: z.boolean().default(false),
    }),
    output: refundAnswer,
    run: ({ input, params, services }) =>
      services.console.refund(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        {
          requestId: input.requestId,
          confirm: input.confirm,
          ...(input.amountUsd !== undefined && { amountNanoUsd: input.amountUsd }),
        },
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/plan-change',
    role: 'support',
    summary: 'What a change of plan would do to money and limits; changes nothing.',
    input: z.object({ book: bookField, plan: z.string().min(1).max(40) }),
    output: planChangePreview,
    run: ({ input, params, services }) =>
      services.console.planChange(
        { book: input.book, customerId: idParam('customer', params['customer']) },
        input.plan,
      ),
  }),
  route({
    method: 'GET',
    path: '/console/incidents',
    role: 'support',
    summary: 'What a person should look at: overruns, estimates, measurements that came too late.',
    input: z.object({
      book: bookField,
      ...tableFields(['at']),
      open: z.stringbool().optional(),
    }),
    output: incidentsPage,
    run: ({ input, services }) =>
      services.console.incidents(input.book, { open: input.open }, tableInput(input)),
  }),
  route({
    method: 'POST',
    path: '/console/incidents/:incident/resolve',
    role: 'operator',
    summary: 'Marks an incident as looked at.',
    run: ({ params, services }) =>
      services.console.resolveIncident(Number(params['incident'] ?? Number.NaN)),
  }),
  route({
    method: 'GET',
    path: '/console/actions',
    role: 'support',
    summary: 'What operators did; newest first, or oldest by `order`. Nothing is ever removed.',
    input: z.object(tableFields(['at'])),
    output: actionsPage,
    run: ({ input, services }) => services.console.actions(tableInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/settings',
    role: 'support',
    summary: 'Settings of the installation.',
    output: settings,
    run: ({ services }) => services.console.settings(),
  }),
  route({
    method: 'POST',
    path: '/console/settings',
    role: 'owner',
    summary: 'Changes who may sign up, and to which plan.',
    input: z.object({
      registration: registration.optional(),
      newcomerPlan: z.string().min(1).max(40).optional(),
    }),
    output: settings,
    run: ({ input, services }) =>
      services.console.changeSettings({
        ...(input.registration !== undefined && { registration: input.registration }),
        ...(input.newcomerPlan !== undefined && { newcomerPlan: input.newcomerPlan }),
      }),
  }),
];
