import { z } from 'zod';
import { instant } from './wire.ts';

export const mailSecurity = z.enum(['tls', 'starttls', 'none']);

/** `GET /api/console/mail`: the server that takes our mail; never its password. */
export const mailSettings = z.object({
  server: z
    .object({
      host: z.string(),
      port: z.int(),
      security: mailSecurity,
      user: z.string().nullable(),
      from: z.string(),
      hasPassword: z.boolean(),
    })
    .nullable(),
  waiting: z.int(),
  givenUp: z.int(),
  /** Why the server did not take the last one. */
  answer: z.string().nullable(),
});
export type MailSettings = z.infer<typeof mailSettings>;

/** `POST /api/console/mail/test`: what the server said, word for word. */
export const mailTest = z.object({ isTaken: z.boolean(), answer: z.string() });
export type MailTest = z.infer<typeof mailTest>;

/** `GET /api/me/alerts` */
export const myAlert = z.object({
  id: z.string(),
  /** A gate's id, or `cap`. */
  gate: z.string(),
  /** The share that was reached, 0…1. */
  share: z.number(),
  atMs: instant,
  unit: z.string(),
  window: z.string(),
  classes: z.array(z.string()),
  used: z.number().nullable(),
  limit: z.number().nullable(),
  resetsAtMs: instant,
});
export type MyAlert = z.infer<typeof myAlert>;
export const myAlerts = z.object({ rows: z.array(myAlert) });
