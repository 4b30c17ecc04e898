import { z } from 'zod';
import { dayFigures } from './overview.ts';
import { book, compared, comparedCount, day, instant, nano, pageOf, period } from './wire.ts';

/** `GET /api/console/customers` */
export const customerRow = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  /** Current version, `pro v2`; `null` without a subscription. */
  plan: z.string().nullable(),
  joinedAtMs: instant,
  suspended: z.boolean(),
  requests: z.int(),
  revenueNanoUsd: nano,
  costNanoUsd: nano,
  marginNanoUsd: nano,
});
export type CustomerRow = z.infer<typeof customerRow>;
export const customersPage = pageOf(customerRow);
export type CustomersPage = z.infer<typeof customersPage>;

/** How a gate stands now. */
export const meter = z.object({
  /** `id`, or `id/class`. */
  gate: z.string(),
  unit: z.enum(['messages', 'tokens', 'charge', 'cost', 'credits']),
  /** Messages in thousandths, tokens, or nano-dollars. */
  used: z.int(),
  limit: z.int(),
  /** 0…1 */
  fill: z.number(),
  /** When the count next falls; `null` where nothing is counted. */
  resetsAtMs: instant.nullable(),
  window: z.string(),
  scope: z.string(),
  whenFull: z.string(),
});
export type Meter = z.infer<typeof meter>;

export const openHold = z.object({
  requestId: z.string(),
  admittedAtMs: instant,
  heldNanoUsd: nano,
  supplier: z.string(),
  model: z.string(),
});
export type OpenHold = z.infer<typeof openHold>;

/** What a customer may know of their balances. */
export const balances = z.object({
  allowanceNanoUsd: nano,
  promotionalNanoUsd: nano,
  boughtNanoUsd: nano,
  heldNanoUsd: nano,
  remainingNanoUsd: nano,
  overageUsedNanoUsd: nano,
  overageOwedNanoUsd: nano,
  capNanoUsd: nano.nullable(),
  periodStartMs: instant,
  periodEndMs: instant,
  timeZone: z.string(),
  lots: z.array(
    z.object({ kind: z.string(), amountNanoUsd: nano, expiresAtMs: instant.nullable() }),
  ),
});
export type Balances = z.infer<typeof balances>;

export const modelUse = z.object({
  model: z.string(),
  requests: z.int(),
  tokensIn: z.int(),
  tokensOut: z.int(),
  chargeNanoUsd: nano,
  costNanoUsd: nano,
});

/** `GET /api/console/customers/:customer` */
export const customerDetail = z.object({
  book,
  period,
  id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  joinedAtMs: instant,
  suspended: z.boolean(),
  plan: z
    .object({ id: z.string(), name: z.string(), version: z.int(), displayName: z.string() })
    .nullable(),
  totals: z.object({
    requests: comparedCount,
    revenueNanoUsd: compared,
    costNanoUsd: compared,
    marginNanoUsd: compared,
  }),
  days: z.array(dayFigures),
  models: z.array(modelUse),
  balances: balances.nullable(),
  meters: z.array(meter),
  holds: z.array(openHold),
  members: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      email: z.string().nullable(),
      role: z.string(),
      signsIn: z.boolean(),
    }),
  ),
  keys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      prefix: z.string(),
      capNanoUsd: nano.nullable(),
      expiresAtMs: instant.nullable(),
      revokedAtMs: instant.nullable(),
    }),
  ),
});
export type CustomerDetail = z.infer<typeof customerDetail>;

/** One decision, refusals too, with what it came to. */
export const decisionRow = z.object({
  requestId: z.string(),
  seq: z.int(),
  atMs: instant,
  plan: z.string(),
  modelAsked: z.string(),
  classAsked: z.string(),
  /** `null`: refused. */
  classServed: z.string().nullable(),
  reason: z.string().nullable(),
  gate: z.string().nullable(),
  fallback: z.string(),
  slow: z.boolean(),
  memberId: z.string().nullable(),
  keyId: z.string().nullable(),
  /** `null` while the hold is open, and for a refusal. */
  outcome: z.string().nullable(),
  supplier: z.string().nullable(),
  model: z.string().nullable(),
  estimated: z.boolean().nullable(),
  tokensIn: z.int().nullable(),
  tokensOut: z.int().nullable(),
  chargeNanoUsd: nano.nullable(),
  refundedNanoUsd: nano.nullable(),
  costNanoUsd: nano.nullable(),
});
export type DecisionRow = z.infer<typeof decisionRow>;
export const decisionsPage = pageOf(decisionRow);
export type DecisionsPage = z.infer<typeof decisionsPage>;

export const postingRow = z.object({
  customerId: z.string(),
  seq: z.int(),
  line: z.int(),
  day,
  atMs: instant,
  kind: z.string(),
  /** The request that it books, if any. */
  requestId: z.string().nullable(),
  debit: z.string(),
  credit: z.string(),
  /** The plan version that one of both accounts is of, `pro v2`. */
  plan: z.string().nullable(),
  amountNanoUsd: nano,
});
export type PostingRow = z.infer<typeof postingRow>;
export const postingsPage = pageOf(postingRow);
export type PostingsPage = z.infer<typeof postingsPage>;

/** Grants, refunds, renewals, plan changes, caps, in the account's own sequence. */
export const accountOperationRow = z.object({
  seq: z.int(),
  atMs: instant,
  kind: z.string(),
  requestId: z.string().nullable(),
  plan: z.string(),
  facts: z.record(z.string(), z.unknown()),
});
export type AccountOperationRow = z.infer<typeof accountOperationRow>;
export const accountOperationsPage = pageOf(accountOperationRow);
export type AccountOperationsPage = z.infer<typeof accountOperationsPage>;

export const noteRow = z.object({
  id: z.string(),
  atMs: instant,
  author: z.string(),
  text: z.string(),
});
export type NoteRow = z.infer<typeof noteRow>;
export const notesPage = pageOf(noteRow);
export type NotesPage = z.infer<typeof notesPage>;

/** `POST …/refunds`: without `confirm` nothing is booked and the answer says what would be. */
export const refundAnswer = z.object({
  requestId: z.string(),
  confirmed: z.boolean(),
  refundableNanoUsd: nano,
  refundedNanoUsd: nano,
});
export type RefundAnswer = z.infer<typeof refundAnswer>;
