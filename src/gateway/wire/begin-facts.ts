import {
  isAsked,
  optionalBoolean,
  requireObject,
  unpriced,
  type JsonObject,
} from './json-shape.ts';
import { draftFacts, type FactsDraft, type Surface } from './request-facts.ts';

/** Fields whose cost nothing bounds, each with why. */
export type UnpricedFields = ReadonlyMap<string, string>;

/**
 * How reading a request begins on every surface: it is an object with a model, asks for nothing that
 * has no price, and says whether it streams.
 * @throws DomainError `invalid_request` (shape), `unpriced_parameter`, naming the field
 */
export function beginFacts(
  surface: Surface,
  json: unknown,
  bodyBytes: number,
  fields: UnpricedFields,
): { readonly body: JsonObject; readonly facts: FactsDraft } {
  const body = requireObject(json);
  const facts = draftFacts(surface, body, bodyBytes);
  // By what the body has: a request has few fields, and the list of those without a price is long.
  for (const name in body) {
    const why = fields.get(name);
    if (why !== undefined && isAsked(body[name])) throw unpriced([name], why);
  }
  facts.stream = optionalBoolean(body, 'stream');
  return { body, facts };
}
