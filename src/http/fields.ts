import { z } from 'zod';
import { BOOKS } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, type IdKind, parseId } from '#base/id.ts';
import { type NanoUsd, parseUsd } from '#base/money.ts';
import type { FixChoice } from '#lab/fix-scenario.ts';
import { isTimeZone } from '#plans/calendar.ts';

/** Fields that many routes share. */
export const bookField = z.enum(BOOKS).default('live');
export const nameField = z.string().trim().min(1).max(200);
export const emailField = z.email().max(320).optional();

/** Dollars as decimal text ("20", "0.0025"), read exactly. */
export const usdField = z.string().transform((text, context): NanoUsd => {
  const amount = parseUsd(text);
  if (amount === undefined || amount <= 0) {
    context.addIssue({
      code: 'custom',
      message: 'must be a positive amount of dollars, such as "20" or "0.25"',
    });
    return z.NEVER;
  }
  return amount;
});

/** A price in dollars as decimal text; nothing is a price too. */
export const priceField = z.string().transform((text, context): NanoUsd => {
  const amount = parseUsd(text);
  if (amount === undefined || amount < 0) {
    context.addIssue({ code: 'custom', message: 'must be dollars, such as "250" or "19.90"' });
    return z.NEVER;
  }
  return amount;
});

/** An id in a body or query. */
export function idField<Kind extends IdKind>(kind: Kind) {
  return z.string().transform((text, context): Id<Kind> => {
    const id = parseId(kind, text);
    if (!id) {
      context.addIssue({ code: 'custom', message: `must be an id of a ${kind}` });
      return z.NEVER;
    }
    return id;
  });
}

/** An id in the path. @throws DomainError `not_found`: what is no id names nothing. */
export function idParam<Kind extends IdKind>(kind: Kind, text: string | undefined): Id<Kind> {
  const id = parseId(kind, text ?? '');
  if (!id) throw new DomainError('not_found', `${text ?? ''} is not the id of a ${kind}.`);
  return id;
}

/** A time zone that this machine knows, such as `Europe/Berlin`. */
export const timeZoneField = z
  .string()
  .default('UTC')
  .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin');

/** An instant as ISO 8601, in milliseconds. */
export const instantField = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => Date.parse(text));

/** A fix of the lab by its number in the path, at its own price or another. @throws DomainError `not_found` */
export function fixChoice(fix: string | undefined, priceNanoUsd: NanoUsd | undefined): FixChoice {
  const number = Number(fix);
  if (!Number.isSafeInteger(number))
    throw new DomainError('not_found', `${fix ?? ''} is no number of a fix.`);
  return { fix: number, ...(priceNanoUsd !== undefined && { priceNanoUsd }) };
}
