import { resolve } from 'node:path';
import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';

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
  BREAKEVEN_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  BREAKEVEN_SIMULATOR: z.enum(['on', 'off']).default('on'),
  BREAKEVEN_BODY_BYTES_MAX: z.coerce
    .number()
    .int()
    .min(1024)
    .default(50 * 1024 * 1024),
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
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly simulator: boolean;
  readonly bodyBytesMax: number;
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
    logLevel: values.BREAKEVEN_LOG_LEVEL,
    simulator: values.BREAKEVEN_SIMULATOR === 'on',
    bodyBytesMax: values.BREAKEVEN_BODY_BYTES_MAX,
    drainMs: values.BREAKEVEN_DRAIN_SECONDS * 1000,
  });
}
