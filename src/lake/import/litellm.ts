import type { ImportField } from './import-fields.ts';

/**
 * LiteLLM's spend logs: the table `LiteLLM_SpendLogs`, exported as CSV or JSON. Columns as in
 * `schema.prisma` of BerriAI/litellm (October 2026): request_id, call_type, api_key, spend,
 * prompt_tokens, completion_tokens, startTime, endTime, model, model_group, user, end_user, team_id,
 * metadata (JSON), cache_hit, status, …
 */
const TELLING = ['startTime', 'prompt_tokens', 'completion_tokens', 'spend', 'api_key'];

/** True where a file's columns are those of LiteLLM's spend logs. */
export function isLitellm(columns: readonly string[]): boolean {
  return TELLING.every((column) => columns.includes(column));
}

/**
 * Where each field stands, in the order of preference: the first that is not empty counts. What
 * LiteLLM knows of caches and thinking is in `metadata`, as the supplier reported it
 * (`additional_usage_values`) or as LiteLLM counts it (`usage_object`).
 */
export const LITELLM_COLUMNS: Readonly<Partial<Record<ImportField, readonly string[]>>> = {
  time: ['startTime'],
  customer: ['end_user', 'user', 'team_id', 'api_key'],
  model: ['model', 'model_group'],
  input: ['prompt_tokens'],
  output: ['completion_tokens'],
  cost: ['spend'],
};

/** Paths inside `metadata`, each tried below both of its parents. */
export const LITELLM_METADATA: Readonly<Partial<Record<ImportField, readonly string[]>>> = {
  cached: ['prompt_tokens_details.cached_tokens', 'cache_read_input_tokens'],
  cache_write: ['cache_creation_input_tokens'],
  reasoning: ['completion_tokens_details.reasoning_tokens'],
  tier: ['service_tier'],
};
export const LITELLM_PARENTS = ['additional_usage_values', 'usage_object'] as const;

/**
 * Rows that used nothing of a supplier: what failed, and what LiteLLM answered from its own cache. The
 * names of the columns, with the values that say so.
 */
export const LITELLM_SKIPPED: Readonly<Record<string, readonly string[]>> = {
  status: ['failure'],
  cache_hit: ['true'],
};
