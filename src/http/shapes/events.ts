import { z } from 'zod';
import { decisionRow } from './customers.ts';
import { gateTerms } from './plans.ts';
import { book, instant, nano } from './wire.ts';

/** `GET /api/console/events/:request`: everything the books know of one request. Operators only. */
export const eventDetail = z.object({
  book,
  requestId: z.string(),
  customerId: z.string(),
  customerName: z.string().nullable(),
  decision: decisionRow,
  /** Every class that could serve, with its quote at the worst. */
  candidates: z.array(
    z.object({
      className: z.string(),
      available: z.boolean(),
      tokens: z.int(),
      costNanoUsd: nano,
      chargeNanoUsd: nano,
      priceVersionId: z.string().nullable(),
    }),
  ),
  held: z.object({
    nanoUsd: nano,
    /** `amount`: messages in thousandths, tokens, or nano-dollars, as `unit` says. */
    gates: z.array(z.object({ gate: z.string(), unit: gateTerms.shape.unit, amount: z.int() })),
  }),
  attempts: z.array(
    z.object({
      supplier: z.string(),
      model: z.string(),
      tier: z.string(),
      priceVersionId: z.string().nullable(),
      costNanoUsd: nano,
      /** Units that are not zero. */
      usage: z.record(z.string(), z.number()),
    }),
  ),
  payments: z.array(z.object({ payer: z.string(), amountNanoUsd: nano })),
  overrunNanoUsd: nano,
  settledAtMs: instant.nullable(),
  incidents: z.array(z.string()),
  postings: z.array(
    z.object({
      line: z.int(),
      kind: z.string(),
      debit: z.string(),
      credit: z.string(),
      plan: z.string().nullable(),
      amountNanoUsd: nano,
    }),
  ),
  /** Ten lines for people. */
  why: z.string(),
});
export type EventDetail = z.infer<typeof eventDetail>;
