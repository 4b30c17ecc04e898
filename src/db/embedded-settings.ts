import { totalmem } from 'node:os';

export interface EmbeddedSettings {
  readonly socketDirectory: string;
  readonly port: number;
  /** False only for throw-away data: fsync off, so a crash of the machine loses everything. */
  readonly durable: boolean;
}

/** Names that PostgreSQL gives to the two roles and the database of the embedded server. */
export const SUPERUSER = 'postgres';
export const APPLICATION_ROLE = 'breakeven';
export const APPLICATION_DATABASE = 'breakeven';

/**
 * postgresql.conf, written anew at each start so that a new release brings its settings along.
 * What an operator wants otherwise goes into `local.conf` beside it, which is read last.
 */
export function serverSettings(settings: EmbeddedSettings): string {
  const lines = [...connectionSettings(settings), ...BASE_SETTINGS, ...memorySettings()];
  if (!settings.durable) lines.push(...THROWAWAY_SETTINGS);
  return [
    '# Written by Breakeven at every start; put changes into local.conf beside this file.',
    ...lines,
    "include_if_exists = 'local.conf'",
    '',
  ].join('\n');
}

/**
 * pg_hba.conf and pg_ident.conf: only the socket, and only the account that runs Breakeven (the
 * kernel vouches for it, so there is no password to leak). Root's daemon account must not get in
 * merely because other daemons share it: `nobody` runs more than one program on most machines.
 */
export function accessRules(systemUsers: readonly string[]): { hba: string; ident: string } {
  const ident = systemUsers.flatMap((user) => [
    `breakeven "${user}" ${SUPERUSER}`,
    `breakeven "${user}" ${APPLICATION_ROLE}`,
  ]);
  return { hba: 'local all all peer map=breakeven\n', ident: `${ident.join('\n')}\n` };
}

function connectionSettings(settings: EmbeddedSettings): string[] {
  return [
    "listen_addresses = ''",
    `port = ${settings.port}`,
    `unix_socket_directories = '${quoteDirectory(settings.socketDirectory)}'`,
    'unix_socket_permissions = 0700',
    'max_connections = 100',
  ];
}

const BASE_SETTINGS: readonly string[] = [
  'fsync = on',
  'synchronous_commit = on',
  'full_page_writes = on',
  // The bundled binaries have no lz4, and pglz costs more CPU than the bytes that it saves.
  'wal_compression = off',
  // No replica can hang off an embedded server, so the log need only serve crash recovery.
  'wal_level = minimal',
  'max_wal_senders = 0',
  'max_wal_size = 2GB',
  'min_wal_size = 256MB',
  'checkpoint_timeout = 15min',
  'checkpoint_completion_target = 0.9',
  'random_page_cost = 1.1',
  // Statements here are short: compiling one costs more than running it.
  'jit = off',
  'max_parallel_workers_per_gather = 1',
  // Hot rows (accounts, rollups) are rewritten thousands of times a minute: clean up early, often.
  'autovacuum_naptime = 15s',
  'autovacuum_max_workers = 2',
  'autovacuum_vacuum_scale_factor = 0.05',
  // Statements of the hot path are planned once, by key: statistics of their tables may be older.
  'autovacuum_analyze_scale_factor = 0.2',
  'autovacuum_vacuum_cost_limit = 1000',
  'update_process_title = off',
  "timezone = 'UTC'",
  "datestyle = 'ISO, YMD'",
  "client_encoding = 'UTF8'",
  // The log must never carry a row or a parameter: they hold prompts, keys and money.
  "log_timezone = 'UTC'",
  'log_min_messages = warning',
  'log_checkpoints = off',
  'log_min_error_statement = panic',
  'log_error_verbosity = terse',
  'log_parameter_max_length_on_error = 0',
  "log_line_prefix = '%m [%p] '",
];

const THROWAWAY_SETTINGS: readonly string[] = [
  'fsync = off',
  'synchronous_commit = off',
  'full_page_writes = off',
  'shared_buffers = 64MB',
  'autovacuum_naptime = 60s',
];

function memorySettings(): string[] {
  const cacheMb = Math.max(256, Math.floor(totalmem() / 2 ** 20 / 2));
  return [
    'shared_buffers = 128MB',
    'work_mem = 8MB',
    'maintenance_work_mem = 128MB',
    `effective_cache_size = ${cacheMb}MB`,
  ];
}

/** The setting is a list: a comma in the directory would split it unless the name is quoted. */
function quoteDirectory(directory: string): string {
  return `"${directory.replaceAll('"', '""')}"`.replaceAll("'", "''");
}
