import type { Pool } from 'pg';
import type { Gateway } from '#gateway/gateway.ts';
import type { Services } from '#http/services.ts';

export interface HealthParts {
  readonly pool: Pool;
  readonly gateway: Pick<Gateway, 'inFlight' | 'settlementBacklog' | 'routeStates'>;
  readonly url: () => string;
  readonly books: { readonly isReady: () => boolean };
}

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Asks every part how it is. Never throws: what cannot answer is a failed check. */
export function healthCheck({ pool, gateway, url, books }: HealthParts): Services['health'] {
  return async () => {
    const checks: Check[] = [await database(pool), admission(books)];
    const { settlementBacklog, inFlight } = gateway;
    checks.push({
      name: 'gateway',
      ok: settlementBacklog === 0,
      detail: `${inFlight} requests running, ${settlementBacklog} settlements wait for the store`,
    });
    for (const [route, state] of gateway.routeStates()) {
      checks.push({
        name: `route ${route}`,
        ok: state === 'closed',
        detail: `circuit breaker ${state}`,
      });
    }
    return { ok: checks.every(({ ok }) => ok), url: url(), checks };
  };
}

async function database(pool: Pool): Promise<Check> {
  try {
    const { rows } = await pool.query<{ version: string; fsync: string }>(
      `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync`,
    );
    const { version = '?', fsync = '?' } = rows[0] ?? {};
    return {
      name: 'database',
      ok: fsync === 'on',
      detail: `PostgreSQL ${version}, fsync ${fsync}`,
    };
  } catch (error) {
    return { name: 'database', ok: false, detail: (error as Error).message };
  }
}

function admission(books: HealthParts['books']): Check {
  const ready = books.isReady();
  return {
    name: 'admission',
    ok: ready,
    detail: ready ? 'takes holds' : 'the store does not answer: requests are refused',
  };
}
