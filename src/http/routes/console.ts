import { z } from 'zod';
import { customerDetail, customersPage } from '../shapes/customers.ts';
import { eventDetail } from '../shapes/events.ts';
import { overview } from '../shapes/overview.ts';
import { planDetail, plansAnswer, subscribersPage } from '../shapes/plans.ts';
import { claimsPage, modelsAnswer, pricesPage, suppliersPage } from '../shapes/suppliers.ts';
import { idParam } from '../fields.ts';
import { route, type Route } from '../route.ts';
import { periodFields, periodInput, tableFields, tableInput } from '../table-input.ts';

const inPeriod = z.object(periodFields);
const MONEY_COLUMNS = ['margin', 'revenue', 'cost', 'requests', 'name'] as const;

/** What the operator's console reads: where money is made and lost, down to one request. */
export const consoleRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/console/overview',
    role: 'support',
    summary:
      'The waterline: every plan above or below it, totals, alarms, what changed since yesterday.',
    input: inPeriod,
    output: overview,
    run: ({ input, services }) => services.console.overview(periodInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/plans',
    role: 'support',
    summary: 'What each plan earned and cost.',
    input: z.object({ ...periodFields, format: z.enum(['json', 'csv']).default('json') }),
    output: plansAnswer,
    run: ({ input, services }) => services.console.plans(periodInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/plans/:plan',
    role: 'support',
    summary: 'One plan: its whole subscriber curve, versions, and who hits which gate.',
    input: inPeriod,
    output: planDetail,
    run: ({ input, params, services }) =>
      services.console.plan(periodInput(input), params['plan'] ?? ''),
  }),
  route({
    method: 'GET',
    path: '/console/plans/:plan/subscribers',
    role: 'support',
    summary: 'The subscribers behind the curve, worst margin first.',
    input: z.object({ ...periodFields, ...tableFields(MONEY_COLUMNS) }),
    output: subscribersPage,
    run: ({ input, params, services }) =>
      services.console.subscribers(
        periodInput(input),
        params['plan'] ?? '',
        tableInput(input, { isWhole: true }),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers',
    role: 'support',
    summary: 'Customers with what they earned and cost.',
    input: z.object({
      ...periodFields,
      ...tableFields([...MONEY_COLUMNS, 'joined']),
      plan: z.string().max(40).optional(),
    }),
    output: customersPage,
    run: ({ input, services }) =>
      services.console.customers(
        periodInput(input),
        { plan: input.plan },
        tableInput(input, { isWhole: true }),
      ),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer',
    role: 'support',
    summary: 'One customer: usage by day and model, balances, meters, open holds, members, keys.',
    input: inPeriod,
    output: customerDetail,
    run: ({ input, params, services }) =>
      services.console.customer(periodInput(input), idParam('customer', params['customer'])),
  }),
  route({
    method: 'GET',
    path: '/console/events/:request',
    role: 'support',
    summary:
      'Everything the books know of one request: quotes, hold, attempts, payments, postings.',
    output: eventDetail,
    run: ({ params, services }) => services.console.event(idParam('request', params['request'])),
  }),
  route({
    method: 'GET',
    path: '/console/models',
    role: 'support',
    summary: 'Routes with health, latency, failures, and cost per million tokens as really paid.',
    input: z.object({ ...periodFields, format: z.enum(['json', 'csv']).default('json') }),
    output: modelsAnswer,
    run: ({ input, services }) => services.console.models(periodInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/suppliers',
    role: 'support',
    summary: 'Suppliers, whether each has a key, and what each was paid.',
    input: z.object({ ...periodFields, format: z.enum(['json', 'csv']).default('json') }),
    output: suppliersPage,
    run: ({ input, services }) => services.console.suppliers(periodInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/supplier-claims',
    role: 'support',
    summary:
      'What suppliers themselves say that they charged, beside what was booked for the same answers.',
    input: z.object({ ...periodFields, format: z.enum(['json', 'csv']).default('json') }),
    output: claimsPage,
    run: ({ input, services }) => services.console.claims(periodInput(input)),
  }),
  route({
    method: 'GET',
    path: '/console/prices',
    role: 'support',
    summary: "The price book's history, newest first.",
    input: z.object({
      ...tableFields(['effective']),
      supplier: z.string().max(40).optional(),
      model: z.string().max(200).optional(),
    }),
    output: pricesPage,
    run: ({ input, services }) =>
      services.console.prices(
        { supplier: input.supplier, model: input.model },
        tableInput(input, { isWhole: true }),
      ),
  }),
];
