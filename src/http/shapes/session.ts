import { z } from 'zod';
import { book, instant } from './wire.ts';

export const operatorRole = z.enum(['owner', 'operator', 'support']);
export const memberRole = z.enum(['admin', 'member']);
export const registration = z.enum(['closed', 'invite', 'open']);
export type Registration = z.infer<typeof registration>;

/** `GET /api/session`: who am I, and what this installation lets me do next. */
export const session = z.object({
  /** Nobody owns the installation yet: only the printed set-up address does. */
  needsSetup: z.boolean(),
  registration,
  /** Answers are made up by the simulator, since no supplier has a key. */
  simulated: z.boolean(),
  /** Whoever forgot their password can ask for a mail. */
  sendsMail: z.boolean(),
  /** Send it back as `x-csrf-token` with every POST and DELETE; `null` where there is no session cookie. */
  csrf: z.string().nullable(),
  person: z
    .object({
      id: z.string(),
      name: z.string(),
      email: z.string(),
      twoFactor: z.boolean(),
      language: z.enum(['en', 'zh']).nullable(),
      sinceMs: instant,
    })
    .nullable(),
  /** Opens `/operator`. */
  operator: z.object({ role: operatorRole }).nullable(),
  /** Opens the chat and the customers' pages. */
  customer: z
    .object({
      book,
      id: z.string(),
      name: z.string(),
      memberId: z.string(),
      role: memberRole,
      plan: z
        .object({
          /** Of the version. */
          id: z.string(),
          name: z.string(),
          version: z.int(),
          displayName: z.string(),
        })
        .nullable(),
    })
    .nullable(),
});
export type Session = z.infer<typeof session>;

/** The answer of a sign-in: signed in, or a second factor is asked for (`POST /api/sign-in/second-factor`). */
export const signedIn = z.object({ secondFactor: z.boolean() });
export type SignedIn = z.infer<typeof signedIn>;

/** `GET /api/invites/look?token=`: what an invitation is for, before it is accepted. */
export const inviteLook = z.object({
  kind: z.enum(['operator', 'customer', 'member']),
  /** The operator's or member's role. */
  role: z.string(),
  /** Who is joined: the customer's name; `null` for operators and new customers. */
  customerName: z.string().nullable(),
  email: z.string().nullable(),
  expiresAtMs: instant,
});
export type InviteLook = z.infer<typeof inviteLook>;

export const invite = z.object({
  id: z.string(),
  kind: z.enum(['operator', 'customer', 'member']),
  role: z.string(),
  email: z.string().nullable(),
  createdBy: z.string(),
  expiresAtMs: instant,
});
export type Invite = z.infer<typeof invite>;
/** The address is in this answer and nowhere else: pass it on. */
export const issuedInvite = z.object({
  invite,
  url: z.string(),
  /** What the mail server said, where it was also mailed. */
  mail: z.object({ isTaken: z.boolean(), answer: z.string() }).nullable(),
});
export type IssuedInvite = z.infer<typeof issuedInvite>;

/** `POST /api/people/:person/password-reset`: the address is in this answer and nowhere else. */
export const passwordLink = z.object({
  url: z.string(),
  expiresAtMs: instant,
  /** What the mail server said; `null` where none is set. */
  mail: issuedInvite.shape.mail,
});
export type PasswordLink = z.infer<typeof passwordLink>;

/** `POST /api/me/two-factor`: scan `uri`, then confirm with a code. The codes are shown this once. */
export const twoFactorStart = z.object({ uri: z.string(), backupCodes: z.array(z.string()) });
export type TwoFactorStart = z.infer<typeof twoFactorStart>;

export const sessionRow = z.object({
  id: z.string(),
  current: z.boolean(),
  createdAtMs: instant,
  lastUsedAtMs: instant,
  address: z.string().nullable(),
  device: z.string().nullable(),
});
export type SessionRow = z.infer<typeof sessionRow>;
