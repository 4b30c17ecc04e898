import { ApiError } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';

/** What people meet at the doors and in forms, by the error's code and the field that it is about. */
const WORDS: Readonly<Record<string, () => string>> = {
  offline: m.ui_offline,
  rate_limited: m.ui_problem_often,
  'invalid_request email': m.ui_problem_email,
  'conflict email': m.ui_problem_email_taken,
  'invalid_request password': m.ui_problem_password,
  'forbidden password': m.ui_problem_password_wrong,
  'invalid_request code': m.ui_problem_code,
  'invalid_request token': m.ui_problem_address,
  'forbidden token': m.ui_problem_address,
  'invalid_request amountUsd': m.ui_problem_amount,
};

/** The field of the request that the server named. */
export function fieldOf(error: unknown): string | undefined {
  const field = error instanceof ApiError ? error.facts['field'] : undefined;
  return typeof field === 'string' && field !== '' ? field : undefined;
}

/** An error in words that a person can act on; the server's own where there are none in their language. */
export function problemOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : 'unknown';
  const field = fieldOf(error);
  return (WORDS[field ? `${error.code} ${field}` : error.code] ?? (() => error.message))();
}

/** The same, where it is about this field. */
export const problemAt = (error: unknown, field: string): string | undefined =>
  fieldOf(error) === field ? problemOf(error) : undefined;
