import { pino, type Logger } from 'pino';
import type { Config } from '#src/config.ts';

/**
 * The operator's log, one JSON document a line, on standard error. What could be a secret or a sum is
 * cut out by name, should it ever get near.
 */
export function createLog(config: Config): Logger {
  return pino(
    {
      name: 'breakeven',
      level: config.logLevel,
      redact: ['*.authorization', '*.apiKey', '*.secret', '*.password', '*.connectionString'],
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
