import { z } from 'zod';
import { operatorRole, registration } from './session.ts';
import { instant } from './wire.ts';

/** `GET /api/console/settings` */
export const settings = z.object({
  registration,
  /** What people who sign up by themselves are subscribed to. */
  newcomerPlan: z.string(),
  publicUrl: z.string(),
});
export type Settings = z.infer<typeof settings>;

export const operatorPerson = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  role: operatorRole,
  twoFactor: z.boolean(),
  sinceMs: instant,
});
export type OperatorPerson = z.infer<typeof operatorPerson>;
export const operatorPeople = z.object({ rows: z.array(operatorPerson) });
