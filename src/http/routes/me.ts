import { z } from 'zod';
import { KEY_SCOPES } from '#accounts/api-keys.store.ts';
import { idParam, instantField, nameField, usdField } from '../fields.ts';
import { customerRoute, route, type Route } from '../route.ts';
import {
  issuedKey,
  myKeys,
  myMembers,
  myPlans,
  myReceipt,
  myReceiptsPage,
  mySettings,
  myUsage,
  planFit,
} from '../shapes/me.ts';
import { myNotices } from '../shapes/notices.ts';
import { planChangePreview, planRequestRow, planRequestsPage } from '../shapes/plans.ts';
import { issuedInvite } from '../shapes/session.ts';
import { bookField } from '../fields.ts';
import { jsonDocument } from '../json-document.ts';
import { tableFields, tableInput } from '../table-input.ts';
import { textResponse } from '../text-response.ts';

const role = z.enum(['admin', 'member']);

/** What a customer's people see of their own use, plan, keys and colleagues. Never what it cost us. */
export const meRoutes: readonly Route[] = [
  customerRoute({
    method: 'GET',
    path: '/me/usage',
    least: 'member',
    summary: 'Use by day, model, member and key, meters, balances, and a forecast.',
    input: z.object({ from: z.iso.date().optional(), to: z.iso.date().optional() }),
    output: myUsage,
    run: ({ input, member, services }) =>
      services.me.usage(member, { fromDay: input.from, toDay: input.to }),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/receipts',
    least: 'member',
    summary: 'Requests, newest first; a member sees their own, an admin all.',
    input: z.object({
      ...tableFields(['at']),
      day: z.iso.date().optional(),
      model: z.string().max(200).optional(),
    }),
    output: myReceiptsPage,
    run: ({ input, member, services }) =>
      services.me.receipts(member, { day: input.day, model: input.model }, tableInput(input)),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/receipts/:request',
    least: 'member',
    summary: 'What one request took, and what paid for it.',
    output: myReceipt,
    run: ({ params, member, services }) =>
      services.me.receipt(member, idParam('request', params['request'])),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/plans',
    least: 'member',
    summary: 'Listed plans side by side, with what happens at each limit.',
    output: myPlans,
    run: ({ member, services }) => services.me.plans(member),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/plan-fit',
    least: 'admin',
    summary: "The account's own requests of its last period, replayed through every listed plan.",
    output: planFit,
    run: ({ member, services }) => services.me.planFit(member),
  }),
  route({
    method: 'GET',
    path: '/console/customers/:customer/plan-fit',
    role: 'support',
    summary: "A customer's own requests of their last period, replayed through every listed plan.",
    input: z.object({ book: bookField }),
    output: planFit,
    run: ({ input, params, services }) =>
      services.me.planFit({ ...input, customerId: idParam('customer', params['customer']) }),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/plans/:plan/change',
    least: 'member',
    summary: 'What a change to a plan would do to money and limits; changes nothing.',
    output: planChangePreview,
    run: ({ params, member, services }) => services.me.planChange(member, params['plan'] ?? ''),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/plan-requests',
    least: 'admin',
    summary: 'Asks for another plan; an operator answers.',
    input: z.object({ plan: z.string().min(1).max(40) }),
    output: planRequestRow,
    run: ({ input, member, services }) => services.me.askForPlan(member, input.plan),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/plan-requests',
    least: 'member',
    summary: 'What was asked for, and the answers.',
    run: ({ member, services }) => services.me.planRequests(member),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/notices',
    least: 'member',
    summary: "What is to change of the caller's plan, with their own old and new bill.",
    output: myNotices,
    run: ({ member, services }) => services.me.notices(member),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/notices/:notice/dismiss',
    least: 'member',
    summary: 'Takes a notice out of the sight of the member who calls.',
    run: ({ params, member, services }) =>
      services.me.dismissNotice(member, idParam('scheduledPlan', params['notice'])),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/keys',
    least: 'member',
    summary: 'API keys; prefixes, never secrets. A member sees their own.',
    output: myKeys,
    run: ({ member, services }) => services.me.keys(member),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/keys',
    least: 'member',
    summary: "Makes an API key of the caller's own. Its secret is in this answer and nowhere else.",
    input: z.object({
      name: nameField,
      scopes: z.array(z.enum(KEY_SCOPES)).min(1).optional(),
      capUsd: usdField.optional(),
      expiresAt: instantField.optional(),
    }),
    output: issuedKey,
    run: ({ input, member, services }) =>
      services.me.createKey(member, {
        name: input.name,
        ...(input.scopes !== undefined && { scopes: input.scopes }),
        ...(input.capUsd !== undefined && { capNanoUsd: input.capUsd }),
        ...(input.expiresAt !== undefined && { expiresAt: new Date(input.expiresAt) }),
      }),
  }),
  customerRoute({
    method: 'DELETE',
    path: '/me/keys/:key',
    least: 'member',
    summary: 'Revokes an API key; every process refuses it within a second.',
    run: ({ params, member, services }) =>
      services.me.revokeKey(member, idParam('apiKey', params['key'])),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/members',
    least: 'member',
    summary: 'The people of the account.',
    output: myMembers,
    run: ({ member, services }) => services.me.members(member),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/members/:member/role',
    least: 'admin',
    summary: 'Makes a member an admin, or an admin a member.',
    input: z.object({ role }),
    run: ({ input, params, member, services }) =>
      services.me.changeMember(member, idParam('member', params['member']), input.role),
  }),
  customerRoute({
    method: 'DELETE',
    path: '/me/members/:member',
    least: 'admin',
    summary: 'Takes a member off the account; their keys end.',
    run: ({ params, member, services }) =>
      services.me.changeMember(member, idParam('member', params['member']), undefined),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/invites',
    least: 'admin',
    summary: 'Open invitations to the account.',
    run: ({ member, services }) => services.identity.invites(member),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/invites',
    least: 'admin',
    summary: 'Invites somebody to the account; the address is in this answer and nowhere else.',
    input: z.object({ role: role.default('member'), email: z.email().max(320).optional() }),
    output: issuedInvite,
    run: ({ input, member, caller, services }) =>
      services.identity.inviteMember(caller?.name ?? '', member, {
        role: input.role,
        ...(input.email !== undefined && { email: input.email }),
      }),
  }),
  customerRoute({
    method: 'DELETE',
    path: '/me/invites/:invite',
    least: 'admin',
    summary: 'Takes an invitation back.',
    run: ({ params, member, services }) =>
      services.identity.revokeInvite(member, idParam('invite', params['invite'])),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/settings',
    least: 'member',
    summary: 'Profile, spending cap and alerts.',
    output: mySettings,
    run: ({ member, personId, services }) => services.me.settings(member, personId),
  }),
  customerRoute({
    method: 'POST',
    path: '/me/settings',
    least: 'admin',
    summary: "Changes the account's name, its spending cap, and when to warn.",
    input: z.object({
      customerName: nameField.optional(),
      /** `null`: no cap of the customer's own. */
      spendingCapUsd: usdField.nullable().optional(),
      alertAt: z.array(z.number().gt(0).lte(1)).max(5).optional(),
    }),
    run: ({ input, member, services }) =>
      services.me.changeSettings(member, {
        customerName: input.customerName,
        spendingCapNanoUsd: input.spendingCapUsd,
        alertAt: input.alertAt,
      }),
  }),
  customerRoute({
    method: 'GET',
    path: '/me/export',
    least: 'member',
    summary: 'All that is kept of the caller, as one JSON document.',
    async run({ member, personId, services }) {
      const { receipts, ...fields } = await services.me.exportAll(member, personId);
      const document = jsonDocument(fields, { name: 'receipts', pages: receipts });
      return textResponse(document, { 'content-type': 'application/json' });
    },
  }),
  route({
    method: 'GET',
    path: '/console/plan-requests',
    role: 'support',
    summary: 'What customers asked for.',
    input: z.object({ book: bookField, open: z.stringbool().default(true) }),
    output: planRequestsPage,
    run: ({ input, services }) => services.planRequests.list(input),
  }),
  route({
    method: 'POST',
    path: '/console/plan-requests/:request',
    role: 'operator',
    summary: 'Approves a wish for another plan, which moves the customer now, or declines it.',
    input: z.object({ approve: z.boolean() }),
    output: planRequestRow,
    run: ({ input, params, actor, services }) =>
      services.planRequests.answer(idParam('planRequest', params['request']), {
        approve: input.approve,
        by: actor.name,
      }),
  }),
];
