import { assert } from '#base/assert.ts';
import { DomainError } from '#base/domain-error.ts';
import type { UsageDialect } from '#metering/metering.ts';
import type { SupplierWire } from '#suppliers/supplier-protocol.ts';
import type { Exchange } from './exchange.ts';
import type { ModelRoute, ServedModel } from './model-directory.ts';
import type { ParsedRequest } from './parse-request.ts';
import { wireOf } from './route-wire.ts';
import { editRequest } from './wire/declared-edits.ts';
import { requireObject } from './wire/json-shape.ts';
import { translationBetween, type Translation } from './wire/translate/translation.ts';

/** One request as it goes to one route. */
export interface UpstreamRequest {
  readonly route: ModelRoute;
  readonly wire: SupplierWire;
  readonly dialect: UsageDialect;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer;
  /** Absent where client and supplier speak the same wire. */
  readonly translation: Translation | undefined;
  /** The name to show in the answer, where the supplier uses another. */
  readonly publicModel: string | undefined;
  /** Whether the stream's usage chunk is one that only we asked for. */
  readonly stripsUsage: boolean;
}

export interface UpstreamRequestInput {
  readonly exchange: Exchange;
  readonly request: ParsedRequest;
  readonly model: ServedModel;
  readonly outputTokensLowered: number | undefined;
  /** Counts from 1. */
  readonly attempt: number;
}

/**
 * Builds the request of an attempt: bytes with their declared edits, or a translation.
 * @throws DomainError `untranslatable`
 */
export function upstreamRequest(route: ModelRoute, input: UpstreamRequestInput): UpstreamRequest {
  const { exchange, request, model, attempt } = input;
  const { facts } = request;
  const { supplier } = route;
  const wire = wireOf(route, facts.surface);
  assert(wire !== undefined, 'only routes that speak the wire are quoted');
  const path = supplier.path(wire);
  const dialect = supplier.dialect(wire);
  assert(path !== undefined && dialect !== undefined, `${supplier.name} speaks ${wire}`);
  const headers = supplier.headers(exchange.request.headers, facts.stream);
  headers.push('x-client-request-id', exchange.requestId);
  if (supplier.protocol.name === 'simulator')
    headers.push('x-breakeven-attempt', `${exchange.requestId}.${attempt}`);
  const asksUsage = facts.stream && wire === 'openai-chat' && supplier.protocol.usageOnRequest;
  const shared = { route, wire, dialect, path, headers };
  if (wire === facts.surface) {
    const stripsUsage = asksUsage && !facts.includeUsage;
    return {
      ...shared,
      body: editedBody(route, wire, input, stripsUsage),
      translation: undefined,
      publicModel: model.name === route.model ? undefined : model.name,
      stripsUsage,
    };
  }
  const translation = translationBetween(facts.surface, wire);
  assert(translation !== undefined, `${facts.surface} is translated to ${wire}`);
  return {
    ...shared,
    body: translatedBody(route, wire, input),
    translation,
    publicModel: model.name,
    stripsUsage: false,
  };
}

/**
 * The routes of a model that can take a request: those that speak its wire, or a wire into which this
 * request can be translated. Asked before anything is held.
 * @throws DomainError `untranslatable`, naming the field that stands in the way, or the model where
 *   none of its routes serves the endpoint
 */
export function routesFor(request: ParsedRequest, model: ServedModel): readonly ModelRoute[] {
  const { facts } = request;
  let cause: unknown;
  const routes = model.routes.filter((route) => {
    const wire = wireOf(route, facts.surface);
    if (wire === undefined || wire === facts.surface) return wire !== undefined;
    try {
      translatedBody(route, wire, { request, model, outputTokensLowered: undefined });
      return true;
    } catch (error) {
      cause ??= error;
      return false;
    }
  });
  if (routes.length > 0) return routes;
  throw (
    cause ??
    new DomainError('untranslatable', `${model.name} cannot be called on this endpoint.`, {
      field: 'model',
    })
  );
}

function editedBody(
  route: ModelRoute,
  wire: SupplierWire,
  { request, outputTokensLowered }: UpstreamRequestInput,
  includeUsage: boolean,
): Buffer {
  const { body, members, facts } = request;
  const field = route.supplier.protocol.outputLimitField(wire, route.model);
  return editRequest(body, members, {
    ...(facts.model !== route.model && { model: route.model }),
    ...(includeUsage && { includeUsage }),
    ...(outputTokensLowered !== undefined && { outputTokensMax: outputTokensLowered }),
    ...(outputTokensLowered !== undefined && field !== undefined && { outputLimitField: field }),
  });
}

/** The limit is lowered in the client's own format first, so that the translation carries it over. */
function translatedBody(
  route: ModelRoute,
  wire: SupplierWire,
  {
    request,
    model,
    outputTokensLowered,
  }: Pick<UpstreamRequestInput, 'request' | 'model' | 'outputTokensLowered'>,
): Buffer {
  const { body, members, facts } = request;
  const translation = translationBetween(facts.surface, wire);
  assert(translation !== undefined, `${facts.surface} is translated to ${wire}`);
  const lowered =
    outputTokensLowered === undefined
      ? body
      : editRequest(body, members, {
          outputTokensMax: outputTokensLowered,
          outputLimitField: limitFieldOf(facts.surface),
        });
  const json = requireObject(JSON.parse(lowered.toString('utf8')));
  const field = route.supplier.protocol.outputLimitField(wire, route.model);
  const translated = translation.request(json, {
    model: route.model,
    outputTokensMax: model.outputTokensMax,
    outputLimitField: field === 'max_completion_tokens' ? field : 'max_tokens',
  });
  return Buffer.from(JSON.stringify(translated));
}

function limitFieldOf(surface: ParsedRequest['facts']['surface']): string {
  if (surface === 'openai-chat') return 'max_completion_tokens';
  return surface === 'openai-responses' ? 'max_output_tokens' : 'max_tokens';
}
