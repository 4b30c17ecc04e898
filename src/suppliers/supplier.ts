import type { Dispatcher } from 'undici';
import { DomainError } from '#base/domain-error.ts';
import type { UsageDialect } from '#metering/metering.ts';
import { PROTOCOL_NAMES, protocolOf } from './protocols.ts';
import type { AbortSaving, SupplierProtocol, SupplierWire } from './supplier-protocol.ts';

/** What the operator says of a supplier. */
export interface SupplierSettings {
  /** Its name in the catalogue. */
  readonly name: string;
  /** One of `PROTOCOL_NAMES`. */
  readonly protocol: string;
  /** How usage in its chat completions is read, where that is not the protocol's own way. */
  readonly dialect?: UsageDialect | undefined;
  /** Over the protocol's own. */
  readonly abortSaving?: AbortSaving | undefined;
  /** Address with the version, such as `https://api.openai.com/v1`; without any path, the protocol's own is added. */
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** Sent with every request, in addition; a name that the protocol sets itself is overridden. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Instead of a connection to the address: an in-process server. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** A supplier, ready to be called: everything about its requests that does not change. */
export interface Supplier {
  readonly name: string;
  readonly protocol: SupplierProtocol;
  readonly origin: string;
  readonly dispatcher: Dispatcher | undefined;
  readonly abortSaving: AbortSaving;
  /** How the usage of a wire's answers is read; `undefined` where the supplier does not speak it. */
  dialect(wire: SupplierWire): UsageDialect | undefined;
  /** The path of a wire; `undefined` where the supplier does not speak it. */
  path(wire: SupplierWire): string | undefined;
  /**
   * The headers of one request, as the flat list of names and values that undici takes.
   * @param clientHeaders the client's, of which only the protocol's forwarded ones are looked at
   */
  headers(
    clientHeaders: Readonly<Record<string, string | readonly string[] | undefined>>,
    stream: boolean,
  ): string[];
}

/** @throws DomainError `invalid_configuration` on an unknown protocol or an address that is none. */
export function supplierOf(settings: SupplierSettings): Supplier {
  const protocol = protocolOf(settings.protocol, settings.dialect);
  if (protocol === undefined) {
    throw invalid(
      settings,
      `no protocol is named ${settings.protocol}; there are ${PROTOCOL_NAMES.join(', ')}`,
    );
  }
  const { origin, base } = addressOf(settings, protocol);
  const paths = new Map<SupplierWire, string>();
  for (const [wire, path] of Object.entries(protocol.paths)) {
    paths.set(wire as SupplierWire, base + path);
  }
  const plain = fixedHeaders(settings, protocol, 'application/json');
  const streamed = fixedHeaders(settings, protocol, 'text/event-stream');
  return Object.freeze({
    name: settings.name,
    protocol,
    origin,
    dispatcher: settings.dispatcher,
    abortSaving: settings.abortSaving ?? protocol.abortSaving,
    dialect: (wire: SupplierWire) =>
      wire === 'openai-chat'
        ? (settings.dialect ?? protocol.dialects[wire])
        : protocol.dialects[wire],
    path: (wire: SupplierWire) => paths.get(wire),
    headers(
      clientHeaders: Readonly<Record<string, string | readonly string[] | undefined>>,
      stream: boolean,
    ) {
      const fixed = stream ? streamed : plain;
      let own: Map<string, string> | undefined;
      for (const name of protocol.forwardedHeaders) {
        const value = clientHeaders[name];
        if (typeof value === 'string') (own ??= new Map(fixed)).set(name, value);
      }
      return flat(own ?? fixed);
    },
  });
}

function addressOf(
  { baseUrl, ...settings }: SupplierSettings,
  protocol: SupplierProtocol,
): { origin: string; base: string } {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw invalid(settings, 'its address is no URL');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw invalid(settings, 'its address must be http(s)');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(settings, 'its address must not hold credentials, a query or a fragment');
  }
  const path = url.pathname.replace(/\/+$/, '');
  return { origin: url.origin, base: path === '' ? protocol.basePath : path };
}

/** The answer is scanned for usage, so it must not come compressed. */
function fixedHeaders(
  settings: SupplierSettings,
  protocol: SupplierProtocol,
  accept: string,
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>([
    ['content-type', 'application/json'],
    ['accept', accept],
    ['accept-encoding', 'identity'],
    ['user-agent', 'breakeven'],
    ...Object.entries(protocol.ownHeaders),
  ]);
  const auth = protocol.authHeader(settings.apiKey);
  if (auth) headers.set(auth[0], auth[1]);
  for (const [name, value] of Object.entries(settings.headers ?? {}))
    headers.set(name.toLowerCase(), value);
  return headers;
}

function flat(headers: ReadonlyMap<string, string>): string[] {
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  return list;
}

function invalid(settings: { readonly name: string }, why: string): DomainError {
  return new DomainError('invalid_configuration', `Supplier ${settings.name}: ${why}.`);
}
