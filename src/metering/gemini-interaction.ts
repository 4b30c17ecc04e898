import { recordOf, recordsOf, type JsonRecord } from './json-value.ts';

/** Counts of the Interactions API, and their names in generateContent. */
const COUNTS: Readonly<Record<string, string>> = {
  total_input_tokens: 'promptTokenCount',
  total_cached_tokens: 'cachedContentTokenCount',
  total_output_tokens: 'candidatesTokenCount',
  total_thought_tokens: 'thoughtsTokenCount',
  total_tool_use_tokens: 'toolUsePromptTokenCount',
  total_tokens: 'totalTokenCount',
};
const MODALITIES: Readonly<Record<string, string>> = {
  input_tokens_by_modality: 'promptTokensDetails',
  cached_tokens_by_modality: 'cacheTokensDetails',
  output_tokens_by_modality: 'candidatesTokensDetails',
  tool_use_tokens_by_modality: 'toolUsePromptTokensDetails',
};

/**
 * Usage of Gemini's Interactions API in the names of generateContent, whose rules it follows: cached
 * tokens are inside the input, thoughts and tool use beside it and the output, the total is the sum of
 * these four (googleapis.github.io/java-genai, interactions `Usage`).
 * @returns `undefined` for any other object.
 */
export function interactionUsage(value: unknown): JsonRecord | undefined {
  const usage = recordOf(value);
  if (usage?.['total_input_tokens'] === undefined && usage?.['total_output_tokens'] === undefined)
    return undefined;
  const named: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(COUNTS)) named[name] = usage[field];
  for (const [field, name] of Object.entries(MODALITIES))
    named[name] = recordsOf(usage[field]).map(({ modality, tokens }) => ({
      modality,
      tokenCount: tokens,
    }));
  const grounding = recordsOf(usage['grounding_tool_count']);
  if (grounding.length > 0)
    named['billedToolCalls'] = grounding.map(({ type, count }) => ({
      tool: type,
      successfulToolCallCount: count,
    }));
  return named;
}

/** What an interaction asked the web, in the order of its steps. */
export function interactionQueries(interaction: JsonRecord): readonly unknown[] {
  return [...recordsOf(interaction['steps']), ...recordsOf(interaction['outputs'])].flatMap(
    (step) => {
      const queries = recordOf(step['arguments'])?.['queries'];
      return step['type'] === 'google_search_call' && Array.isArray(queries) ? queries : [];
    },
  );
}
