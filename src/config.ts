import { resolve } from 'node:path';
import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';
import { type NanoUsd, parseUsd } from '#base/money.ts';

/**
 * Every setting, read once from the environment; nothing else in the server reads it.
 * `docs/operating.md` documents each; a test fails where one is missing there.
 */
const environmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  BREAKEVEN_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .optional(),
  BREAKEVEN_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://chat.example.com' })
    .optional(),
  BREAKEVEN_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
  BREAKEVEN_WEB: z.enum(['build', 'as-is', 'off']).default('build'),
  BREAKEVEN_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  BREAKEVEN_SIMULATOR: z.enum(['on', 'off']).default('on'),
  BREAKEVEN_BODY_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1024)
    .default(50 * 1024 * 1024),
  BREAKEVEN_LOCAL_PORTS: z
    .string()
    .regex(/^(?:off|\d{1,5}(?:, *\d{1,5})*)$/, 'must be ports such as 11434, 8000, or off')
    .default('11434, 8000, 8080, 1234'),
  BREAKEVEN_SEARCH: z.enum(['off', 'searxng', 'brave']).default('off'),
  BREAKEVEN_SEARCH_URL: z
    .string()
    .regex(/^https?:\/\//, 'must start with http:// or https://')
    .optional(),
  BREAKEVEN_SEARCH_KEY: z.string().min(1).optional(),
  BREAKEVEN_SEARCH_PRICE: z.string().optional(),
  BREAKEVEN_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3600).default(60),
});

export type EnvironmentKey = keyof z.infer<typeof environmentSchema>;
export const ENVIRONMENT_KEYS = Object.keys(environmentSchema.shape) as readonly EnvironmentKey[];

export interface Config {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** A PostgreSQL ≥ 15 to use; the embedded one where absent. */
  readonly databaseUrl: string | undefined;
  /** Seals suppliers' keys; made and kept in the data directory where absent. */
  readonly masterKey: Buffer | undefined;
  /** Where people reach the pages; where it listens, if absent. */
  readonly publicUrl: string | undefined;
  /** How many proxies before us add to `x-forwarded-for`. */
  readonly proxyHops: number;
  /** `build`: serve the pages, built anew at start where their sources changed; `as-is`: never build. */
  readonly web: 'build' | 'as-is' | 'off';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly simulator: boolean;
  readonly bodyBytesMax: number;
  /** Ports of this machine on which a server of models is looked for, when the owner asks. */
  readonly localPorts: readonly number[];
  /** Who searches the web for the chat, and what one search costs us; `undefined`: nobody. */
  readonly search:
    | { readonly provider: 'searxng'; readonly url: string; readonly priceNanoUsd: NanoUsd }
    | {
        readonly provider: 'brave';
        readonly key: string;
        readonly url: string | undefined;
        readonly priceNanoUsd: NanoUsd;
      }
    | undefined;
  /** How long a stop waits for running requests. */
  readonly drainMs: number;
}

/** @throws DomainError `invalid_configuration`, naming the setting. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = String(issue?.path[0] ?? '');
    throw new DomainError('invalid_configuration', `${field} ${issue?.message ?? 'is invalid'}.`, {
      field,
    });
  }
  const values = parsed.data;
  return Object.freeze({
    port: values.PORT,
    host: values.HOST,
    dataDir: resolve(values.DATA_DIR),
    databaseUrl: values.DATABASE_URL,
    masterKey: values.BREAKEVEN_MASTER_KEY
      ? Buffer.from(values.BREAKEVEN_MASTER_KEY, 'hex')
      : undefined,
    publicUrl: values.BREAKEVEN_PUBLIC_URL?.replace(/\/+$/, ''),
    proxyHops: values.BREAKEVEN_PROXY_HOPS,
    web: values.BREAKEVEN_WEB,
    logLevel: values.BREAKEVEN_LOG_LEVEL,
    simulator: values.BREAKEVEN_SIMULATOR === 'on',
    bodyBytesMax: values.BREAKEVEN_BODY_BYTES_MAX,
    localPorts:
      values.BREAKEVEN_LOCAL_PORTS === 'off'
        ? []
        : values.BREAKEVEN_LOCAL_PORTS.split(',')
            .map(Number)
            .filter((port) => port < 65_536),
    search: searchOf(values),
    drainMs: values.BREAKEVEN_DRAIN_SECONDS * 1000,
  });
}

/** @throws DomainError `invalid_configuration` where a part is missing: a search without a price is not sold. */
function searchOf(values: z.infer<typeof environmentSchema>): Config['search'] {
  const provider = values.BREAKEVEN_SEARCH;
  if (provider === 'off') return undefined;
  const price = parseUsd(values.BREAKEVEN_SEARCH_PRICE ?? '');
  if (price === undefined || price < 0)
    throw missing('BREAKEVEN_SEARCH_PRICE', 'what one search costs in dollars, such as 0.005');
  const url = values.BREAKEVEN_SEARCH_URL;
  if (provider === 'searxng') {
    if (url === undefined) throw missing('BREAKEVEN_SEARCH_URL', 'the address of SearXNG');
    return { provider, url, priceNanoUsd: price };
  }
  const key = values.BREAKEVEN_SEARCH_KEY;
  if (key === undefined) throw missing('BREAKEVEN_SEARCH_KEY', 'the key of Brave Search');
  return { provider, key, url, priceNanoUsd: price };
}

function missing(field: string, what: string): DomainError {
  return new DomainError('invalid_configuration', `${field} must say ${what}.`, { field });
}
