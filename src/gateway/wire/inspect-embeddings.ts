import { malformed, requireObject } from './json-shape.ts';
import { draftFacts, type RequestFacts } from './request-facts.ts';

/** OpenAI takes at most 2,048 inputs a call. */
const INPUTS_MAX = 2048;

/**
 * Reads an embeddings body. A token id takes at least one byte of the body, so the byte bound holds
 * for token arrays too. There is no output.
 * @throws DomainError `invalid_request` (shape)
 */
export function inspectEmbeddings(json: unknown, bodyBytes: number): RequestFacts {
  const body = requireObject(json);
  const facts = draftFacts('openai-embeddings', body, bodyBytes);
  facts.outputTokensMax = 0;
  const input = body['input'];
  if (typeof input === 'string') return facts;
  if (!Array.isArray(input) || input.length === 0)
    throw malformed(['input'], 'a string or an array that is not empty');
  const first: unknown = input[0];
  if (typeof first === 'number') {
    requireTokens(input);
    return facts;
  }
  if (input.length > INPUTS_MAX)
    throw malformed(['input'], `an array of at most ${INPUTS_MAX} inputs`);
  for (let i = 0; i < input.length; i++) {
    const item: unknown = input[i];
    if (Array.isArray(item)) requireTokens(item, i);
    else if (typeof item !== 'string')
      throw malformed(['input', i], 'a string or an array of token ids');
  }
  return facts;
}

function requireTokens(tokens: readonly unknown[], at?: number): void {
  for (let i = 0; i < tokens.length; i++) {
    if (!Number.isSafeInteger(tokens[i])) {
      throw malformed(at === undefined ? ['input', i] : ['input', at, i], 'a token id');
    }
  }
}
