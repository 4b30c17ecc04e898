import { DomainError } from '#base/domain-error.ts';
import type { JsonObject } from '../json-shape.ts';
import type { Surface } from '../request-facts.ts';
import { translationBetween, type RouteDialect } from './translation.ts';

const ROUTE: RouteDialect = {
  model: 'up',
  outputTokensMax: 4096,
  outputLimitField: 'max_tokens',
};

/** Translates a request for a route that every test shares. */
export function translateRequest(client: Surface, supplier: Surface, body: object): JsonObject {
  const translation = translationBetween(client, supplier);
  if (!translation) throw new Error('no translation');
  return translation.request(JSON.parse(JSON.stringify(body)) as JsonObject, ROUTE);
}

/** The code and the field by which a request is refused. */
export function refusalOf(
  client: Surface,
  supplier: Surface,
  body: object,
): readonly [code: string, field: string | undefined] {
  try {
    translateRequest(client, supplier, body);
  } catch (error) {
    if (error instanceof DomainError) return [error.code, error.field];
    throw error;
  }
  throw new Error('was not refused');
}
