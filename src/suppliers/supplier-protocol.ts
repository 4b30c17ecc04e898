import type { UsageDialect } from '#metering/metering.ts';

/** The wire formats in which a request can go to a supplier. */
export type SupplierWire =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages';

/**
 * When cutting the connection stops the supplier's meter. `always`: our own or a local server, which
 * stops generating. `streams`: a stream is billed up to the cut, but an answer that is made in one
 * piece is generated and billed whether somebody waits for it or not, so we read on to its usage.
 * `never`: even an abandoned stream is generated and billed to its end.
 */
export type AbortSaving = 'always' | 'streams' | 'never';

/** How to speak with one family of suppliers. Stateless: one value serves every supplier of the family. */
export interface SupplierProtocol {
  readonly name: string;
  /** The family by whose rules images and sounds become tokens (`openai`, `anthropic`, `gemini`). */
  readonly vendor: string;
  /** Appended to a supplier's address where that has no path of its own, such as `/v1`. */
  readonly basePath: string;
  /** The wires that are spoken natively, with the path behind the base path. */
  readonly paths: Readonly<Partial<Record<SupplierWire, string>>>;
  readonly dialects: Readonly<Partial<Record<SupplierWire, UsageDialect>>>;
  readonly abortSaving: AbortSaving;
  /** Whether a chat stream reports usage only if `stream_options.include_usage` asks for it. */
  readonly usageOnRequest: boolean;
  /** Request headers of the client that go on unchanged, in lower case. */
  readonly forwardedHeaders: readonly string[];
  /** Name and value of the header that carries the supplier's key; `undefined` where there is no key. */
  authHeader(apiKey: string | undefined): readonly [string, string] | undefined;
  /** Headers that every request needs; a forwarded header of the same name wins. */
  readonly ownHeaders: Readonly<Record<string, string>>;
  /** The field in which this family reads an output limit that the client did not set. */
  outputLimitField(wire: SupplierWire, model: string): string | undefined;
}

/** `authorization: Bearer …`, as most suppliers want it. */
export function bearer(apiKey: string | undefined): readonly [string, string] | undefined {
  return apiKey === undefined ? undefined : ['authorization', `Bearer ${apiKey}`];
}
