import { parseId, uuidOf } from '#base/id.ts';
import type { ServedRequest } from '#suppliers/simulator/simulator-log.ts';
import { withClient } from '#db/database-address.ts';

interface BookedEvent {
  readonly id: string;
  readonly outcome: string;
  readonly estimated: boolean;
  readonly voided: boolean;
  readonly reason: string | null;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly overrun: number;
}

/** The supplier's story beside ours. */
export interface Reconciliation {
  readonly disagreements: Disagreements;
  readonly served: number;
  readonly booked: number;
  /** Events that were booked for a dead process, from what it held. */
  readonly diedInFlight: number;
  /** Every event that is an estimate, those included. */
  readonly estimated: number;
  readonly voided: number;
  /** Held by a process that died, and released because its journal said that it had not been sent. */
  readonly releasedUnsent: number;
  /** Booked, though not as a release: what must be the supplier's own story, one to one. */
  readonly bookedAsUsed: number;
}

/** Ids of requests on which the two do not agree. */
export interface Disagreements {
  /** The supplier served it and no event says so, or one that says that nothing was used. */
  readonly unbooked: readonly string[];
  /** An event that claims a use, measured or estimated, of something the supplier has not seen. */
  readonly invented: readonly string[];
  readonly servedTwice: readonly string[];
  /** Measured otherwise than the supplier bills. */
  readonly mismeasured: readonly string[];
  readonly overruns: readonly string[];
  /** Answered to the last byte, and not booked as measured. */
  readonly guessed: readonly string[];
}

export const NO_DISAGREEMENTS: Disagreements = {
  unbooked: [],
  invented: [],
  servedTwice: [],
  mismeasured: [],
  overruns: [],
  guessed: [],
};

/**
 * Compares the upstream's log with the usage events of the live book, one to one, and those with what
 * clients got.
 * @param answered ids of requests whose clients got a whole answer
 */
export async function reconcile(
  databaseUrl: string,
  log: readonly ServedRequest[],
  answered: readonly string[] = [],
): Promise<Reconciliation> {
  const events = new Map((await readEvents(databaseUrl)).map((event) => [event.id, event]));
  const served = new Map<string, ServedRequest>();
  const servedTwice: string[] = [];
  for (const request of log) {
    const key = keyOf(request.requestId ?? `of supplier ${request.id}`);
    if (served.has(key)) servedTwice.push(key);
    served.set(key, request);
  }
  const all = [...events.values()];
  const unserved = all.filter(({ id }) => !served.has(id));
  return {
    served: served.size,
    booked: events.size,
    diedInFlight: all.filter(({ outcome }) => outcome === 'process_died').length,
    estimated: all.filter(({ estimated }) => estimated).length,
    voided: all.filter(({ voided }) => voided).length,
    releasedUnsent: all.filter(({ reason }) => reason === 'killed before it was sent').length,
    bookedAsUsed: all.filter(({ voided }) => !voided).length,
    disagreements: {
      unbooked: [...served.keys()].filter((id) => events.get(id)?.voided ?? true),
      invented: unserved.filter(({ voided }) => !voided).map(({ id }) => id),
      servedTwice,
      mismeasured: all.filter((event) => differs(event, served.get(event.id))).map(({ id }) => id),
      overruns: all.filter(({ overrun }) => overrun > 0).map(({ id }) => id),
      guessed: answered.filter((id) => !isMeasured(events.get(keyOf(id)))),
    },
  };
}

/** How an event is known by: its uuid. */
function keyOf(requestId: string): string {
  const id = parseId('request', requestId);
  return id === undefined ? `no id: ${requestId}` : uuidOf(id);
}

function isMeasured(event: BookedEvent | undefined): boolean {
  return event !== undefined && !event.estimated && !event.voided;
}

/** Only measurements must agree; an estimate says of itself that it does not know. */
function differs(event: BookedEvent, request: ServedRequest | undefined): boolean {
  const billed = request?.end?.billed;
  if (event.estimated || event.voided || !billed) return false;
  const input = billed.uncached + billed.cached + billed.written5m + billed.written1h;
  return event.tokensIn !== input || event.tokensOut !== billed.output;
}

async function readEvents(databaseUrl: string): Promise<BookedEvent[]> {
  return withClient({ url: databaseUrl }, 'breakeven tests', async (client) => {
    const { rows } = await client.query<BookedEvent>(
      `SELECT id, outcome, estimated, reason, reason IS NOT NULL AS voided, overrun::float8 AS overrun,
              tokens_in::float8 AS "tokensIn", tokens_out::float8 AS "tokensOut"
         FROM usage_event WHERE book = 'live'`,
    );
    return rows;
  });
}

/** Admitted requests without an end, right now. */
export async function openRequests(databaseUrl: string): Promise<number> {
  return withClient({ url: databaseUrl }, 'breakeven tests', async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM decision d
        WHERE d.book = 'live' AND d.class_served IS NOT NULL
          AND NOT EXISTS (SELECT FROM usage_event e WHERE e.book = 'live' AND e.customer = d.customer AND e.id = d.request)`,
    );
    return rows[0]?.count ?? 0;
  });
}
