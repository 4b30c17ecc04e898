import type { ErrorCode } from '../../src/base/domain-error.ts';
import { ApiError } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';

/** What people meet at the doors and in forms, by the error's code and the field that it is about. */
const WORDS: Readonly<Record<string, () => string>> = {
  offline: m.ui_offline,
  'invalid_request email': m.ui_problem_email,
  'conflict email': m.ui_problem_email_taken,
  'conflict role': m.ui_problem_last_owner,
  'invalid_request password': m.ui_problem_password,
  'forbidden password': m.ui_problem_password_wrong,
  'invalid_request code': m.ui_problem_code,
  'invalid_request token': m.ui_problem_address,
  'forbidden token': m.ui_problem_address,
  'forbidden email': m.ui_problem_email_other,
  'forbidden invite': m.ui_problem_invite,
  'forbidden x-csrf-token': m.ui_problem_old_page,
  'invalid_request amountUsd': m.ui_problem_amount,
};

/** What happened and what to do, of every code. */
const KINDS: Readonly<Record<ErrorCode, () => string>> = {
  invalid_request: m.ui_problem_kind_request,
  invalid_json: m.ui_problem_kind_request,
  method_not_allowed: m.ui_problem_kind_request,
  unsupported_parameter: m.ui_problem_kind_unable,
  unpriced_parameter: m.ui_problem_kind_unable,
  untranslatable: m.ui_problem_kind_unable,
  body_too_large: m.ui_problem_kind_large,
  not_found: m.ui_problem_kind_missing,
  model_not_found: m.ui_problem_kind_no_model,
  conflict: m.ui_problem_kind_conflict,
  idempotency_conflict: m.ui_problem_kind_conflict,
  idempotency_in_flight: m.ui_problem_kind_conflict,
  unauthenticated: m.ui_problem_kind_who,
  key_revoked: m.ui_problem_kind_who,
  forbidden: m.ui_problem_kind_forbidden,
  no_subscription: m.ui_problem_kind_no_plan,
  model_not_in_plan: m.ui_problem_kind_class,
  gate_full: m.ui_problem_kind_gate,
  insufficient_funds: m.ui_problem_kind_funds,
  rate_limited: m.ui_problem_often,
  unknown_price: m.ui_problem_kind_price,
  invalid_price: m.ui_problem_kind_price,
  invalid_configuration: m.ui_problem_kind_configuration,
  no_capacity: m.ui_problem_kind_busy,
  upstream_error: m.ui_problem_kind_supplier,
  upstream_timeout: m.ui_problem_kind_supplier,
  store_unavailable: m.ui_problem_kind_books,
  shutting_down: m.ui_problem_kind_stopping,
  internal: m.ui_problem_kind_internal,
};

/** Of these the server's own words say which thing it is about: they are quoted. */
const QUOTED: ReadonlySet<string> = new Set<ErrorCode>([
  'invalid_request',
  'invalid_json',
  'unsupported_parameter',
  'unpriced_parameter',
  'untranslatable',
  'conflict',
  'unknown_price',
  'invalid_price',
  'invalid_configuration',
  'upstream_error',
]);

/** The field of the request that the server named. */
export function fieldOf(error: unknown): string | undefined {
  const field = error instanceof ApiError ? error.facts['field'] : undefined;
  return typeof field === 'string' && field !== '' ? field : undefined;
}

/** An error in words that a person can act on, in their language. */
export function problemOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof ApiError)) return m.ui_problem_kind_page();
  return problemText(error, fieldOf(error));
}

/** The same of what is kept of an error: its code, the server's words, and the field that it is about. */
export function problemText(
  { code, message }: { readonly code: string; readonly message: string },
  field?: string,
): string {
  const words = of(WORDS, field ? `${code} ${field}` : code);
  if (words) return words();
  const what = of(KINDS, code)?.() ?? m.ui_problem_unknown({ code });
  return QUOTED.has(code) && message !== '' ? m.ui_problem_told({ what, message }) : what;
}

/** A code may be any text, also one that every object has something for. */
const of = (
  words: Readonly<Record<string, () => string>>,
  key: string,
): (() => string) | undefined => (Object.hasOwn(words, key) ? words[key] : undefined);

/** The words of a problem, where it is about this field. */
export const problemAt = (error: unknown, field: string): string | undefined =>
  fieldOf(error) === field ? problemOf(error) : undefined;
