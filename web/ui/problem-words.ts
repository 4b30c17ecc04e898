import { ApiError } from '../chat/api.ts';
import { m } from '../paraglide/messages.js';
import { getLocale } from '../paraglide/runtime.js';

/** What people meet at the doors and in forms, by the error's code and the field that it is about. */
const WORDS: Readonly<Record<string, () => string>> = {
  offline: m.ui_offline,
  rate_limited: m.ui_problem_often,
  'invalid_request email': m.ui_problem_email,
  'conflict email': m.ui_problem_email_taken,
  'conflict role': m.ui_problem_last_owner,
  'invalid_request password': m.ui_problem_password,
  'forbidden password': m.ui_problem_password_wrong,
  'invalid_request code': m.ui_problem_code,
  'invalid_request token': m.ui_problem_address,
  'forbidden token': m.ui_problem_address,
  'invalid_request amountUsd': m.ui_problem_amount,
};

/** What kind of problem a code is, for those who do not read the server's own words. */
const KINDS: Readonly<Record<string, () => string>> = {
  invalid_request: m.ui_problem_kind_request,
  invalid_json: m.ui_problem_kind_request,
  unsupported_parameter: m.ui_problem_kind_request,
  unpriced_parameter: m.ui_problem_kind_request,
  untranslatable: m.ui_problem_kind_request,
  method_not_allowed: m.ui_problem_kind_request,
  body_too_large: m.ui_problem_kind_large,
  not_found: m.ui_problem_kind_missing,
  model_not_found: m.ui_problem_kind_missing,
  conflict: m.ui_problem_kind_conflict,
  idempotency_conflict: m.ui_problem_kind_conflict,
  idempotency_in_flight: m.ui_problem_kind_conflict,
  unauthenticated: m.ui_problem_kind_who,
  key_revoked: m.ui_problem_kind_who,
  forbidden: m.ui_problem_kind_forbidden,
  no_subscription: m.ui_problem_kind_plan,
  model_not_in_plan: m.ui_problem_kind_plan,
  gate_full: m.ui_problem_kind_plan,
  insufficient_funds: m.ui_problem_kind_plan,
  unknown_price: m.ui_problem_kind_price,
  invalid_price: m.ui_problem_kind_price,
  invalid_configuration: m.ui_problem_kind_configuration,
  no_capacity: m.ui_problem_kind_supplier,
  upstream_error: m.ui_problem_kind_supplier,
  upstream_timeout: m.ui_problem_kind_supplier,
  store_unavailable: m.ui_problem_kind_books,
  shutting_down: m.ui_problem_kind_stopping,
};

/** The language in which the server itself speaks. */
const SERVER_SPEAKS = 'en';

/** The field of the request that the server named. */
export function fieldOf(error: unknown): string | undefined {
  const field = error instanceof ApiError ? error.facts['field'] : undefined;
  return typeof field === 'string' && field !== '' ? field : undefined;
}

/**
 * An error in words that a person can act on. Where there are none for it: the server's own; to those who
 * read another language what kind of problem it is, and the server's words as a quotation.
 */
export function problemOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : 'unknown';
  const field = fieldOf(error);
  const words = WORDS[field ? `${error.code} ${field}` : error.code];
  if (words) return words();
  const { code, message } = error;
  if (getLocale() === SERVER_SPEAKS && message !== '') return message;
  return m.ui_problem_told({ what: (KINDS[code] ?? m.ui_problem_kind_internal)(), message });
}

/** The same, where it is about this field. */
export const problemAt = (error: unknown, field: string): string | undefined =>
  fieldOf(error) === field ? problemOf(error) : undefined;
