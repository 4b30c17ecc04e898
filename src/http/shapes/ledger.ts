import { z } from 'zod';
import { instant, pageOf, nano } from './wire.ts';

export const incidentRow = z.object({
  id: z.string(),
  atMs: instant,
  kind: z.string(),
  customerId: z.string().nullable(),
  requestId: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
  resolvedAtMs: instant.nullable(),
});
export type IncidentRow = z.infer<typeof incidentRow>;
export const incidentsPage = pageOf(incidentRow);
export type IncidentsPage = z.infer<typeof incidentsPage>;

export const balanceRow = z.object({
  account: z.string(),
  /** The plan version that the account is of, `pro v2`. */
  plan: z.string().nullable(),
  balanceNanoUsd: nano,
});
export type BalanceRow = z.infer<typeof balanceRow>;
export const balancesPage = pageOf(balanceRow);

export const actionRow = z.object({
  id: z.string(),
  atMs: instant,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
});
export type ActionRow = z.infer<typeof actionRow>;
export const actionsPage = pageOf(actionRow);
export type ActionsPage = z.infer<typeof actionsPage>;
