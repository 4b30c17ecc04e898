import { z } from 'zod';
import { instant, nano, pageOf, period, book } from './wire.ts';

/** `GET /api/console/suppliers` */
export const supplierRow = z.object({
  id: z.string(),
  name: z.string(),
  protocol: z.string(),
  baseUrl: z.string(),
  enabled: z.boolean(),
  needsKey: z.boolean(),
  hasKey: z.boolean(),
  simulated: z.boolean(),
  requests: z.int(),
  costNanoUsd: nano,
});
export type SupplierRow = z.infer<typeof supplierRow>;
export const suppliersPage = pageOf(supplierRow);

/** `GET /api/console/supplier-claims`: what suppliers say that they charged, beside what was booked. */
export const claimRow = z.object({
  supplier: z.string(),
  /** The supplier's own name for the model. */
  model: z.string(),
  /** Answers that came with a claim. */
  answers: z.int(),
  /** Those whose claim is not what was booked: more than a thousandth, and than rounding, apart. */
  apart: z.int(),
  claimedNanoUsd: nano,
  bookedNanoUsd: nano,
});
export type ClaimRow = z.infer<typeof claimRow>;
export const claimsPage = pageOf(claimRow);

/** One way to one model, with how it did in the period. */
export const routeRow = z.object({
  model: z.string(),
  displayName: z.string(),
  className: z.string(),
  supplier: z.string(),
  upstreamModel: z.string(),
  enabled: z.boolean(),
  priority: z.int(),
  /** `unused` where this process has not called it yet. */
  health: z.enum(['closed', 'open', 'half-open', 'unused']),
  requests: z.int(),
  failed: z.int(),
  tokens: z.int(),
  costNanoUsd: nano,
  /** Of input and output together, as really paid; `null` without tokens. */
  costPerMillionNanoUsd: nano.nullable(),
  latencyMsP50: z.int().nullable(),
  latencyMsP95: z.int().nullable(),
  /** False: requests to it are refused until a price is known. */
  priced: z.boolean(),
});
export type RouteRow = z.infer<typeof routeRow>;
export const modelsAnswer = z.object({ book, period, rows: z.array(routeRow) });
export type ModelsAnswer = z.infer<typeof modelsAnswer>;

export const priceRow = z.object({
  id: z.string(),
  supplier: z.string(),
  model: z.string(),
  effectiveFromMs: instant,
  publishedAtMs: instant,
  withdrawnAtMs: instant.nullable(),
  source: z.string(),
  inForce: z.boolean(),
  rates: z.array(
    z.object({
      serviceTier: z.string(),
      aboveInputTokens: z.int(),
      dayWindow: z.int(),
      unit: z.string(),
      picoUsd: z.int(),
    }),
  ),
});
export type PriceRow = z.infer<typeof priceRow>;
export const pricesPage = pageOf(priceRow);
export type PricesPage = z.infer<typeof pricesPage>;
