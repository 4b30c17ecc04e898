import {
  isAsked,
  optionalBoolean,
  requireObject,
  unpriced,
  type JsonObject,
} from './json-shape.ts';
import { draftFacts, type FactsDraft, type Surface } from './request-facts.ts';

/** Fields whose cost nothing bounds, each with why. */
export type UnpricedFields = readonly (readonly [name: string, why: string])[];

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
  for (const [name, why] of fields) if (isAsked(body[name])) throw unpriced([name], why);
  facts.stream = optionalBoolean(body, 'stream');
  return { body, facts };
}
