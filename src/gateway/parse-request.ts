import { DomainError } from '#base/domain-error.ts';
import { mapMembers, type Member } from './wire/body-map.ts';
import { inspectRequest } from './wire/inspect.ts';
import type { RequestFacts, Surface } from './wire/request-facts.ts';

/** A request, read once: its bytes, where their members stand, and what admission needs to know. */
export interface ParsedRequest {
  readonly body: Buffer;
  readonly members: readonly Member[];
  readonly facts: RequestFacts;
}

/**
 * @throws DomainError `invalid_json`, `invalid_request`, `unpriced_parameter`, naming the field
 */
export function parseRequest(surface: Surface, body: Buffer): ParsedRequest {
  const json = parseJson(body);
  const facts = inspectRequest(surface, json, body.length);
  return { body, members: mapMembers(body), facts };
}

/** @throws DomainError `invalid_json` */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0)
    throw new DomainError('invalid_json', 'The request has no body.', { field: 'body' });
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new DomainError('invalid_json', 'The request body is no valid JSON.', { field: 'body' });
  }
}
