import { recordOf, type JsonRecord } from './json-value.ts';

/**
 * The answer in one line of a batch's results, which wraps it. OpenAI and those that imitate it
 * (`{custom_id, response: {status_code, body}}`) do not say in the answer that it was a batch, so its
 * service tier becomes `batch`; Anthropic (`{custom_id, result: {message}}`) says so in the usage
 * (developers.openai.com, "Batch API"; platform.claude.com, "Batch processing", results).
 * @returns `undefined` for anything else.
 */
export function batchAnswer(json: unknown): JsonRecord | undefined {
  const line = recordOf(json);
  if (line?.['custom_id'] === undefined) return undefined;
  const body = recordOf(recordOf(line['response'])?.['body']);
  if (body) return { ...body, service_tier: 'batch' };
  return recordOf(recordOf(line['result'])?.['message']);
}
