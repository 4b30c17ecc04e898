import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { daySpans, type DaySpan, readInSpans, type TimeOrder } from '#base/day-spans.ts';

/** A decision as a table shows it, with the usage event it led to. */
export interface ListedDecision {
  readonly customer: string;
  readonly request: string;
  readonly seq: number;
  readonly at_ms: number;
  readonly plan_version: string;
  readonly model_asked: string;
  readonly class_asked: string;
  readonly class_served: string | null;
  readonly reason: string | null;
  readonly gate: string | null;
  readonly fallback: string;
  readonly slow: boolean;
  readonly member: string | null;
  readonly api_key: string | null;
  readonly outcome: string | null;
  readonly supplier: string | null;
  readonly model: string | null;
  readonly estimated: boolean | null;
  readonly tokens_in: number | null;
  readonly tokens_out: number | null;
  readonly charge: number | null;
  readonly refunded: number | null;
  readonly cost: number | null;
}

export interface DecisionQuery {
  readonly book: Book;
  /** uuid */
  readonly customer?: string | undefined;
  /** uuid */
  readonly member?: string | undefined;
  readonly fromDay: string;
  /** Exclusive. */
  readonly toDay: string;
  readonly verdict?: 'admitted' | 'refused' | undefined;
  readonly gate?: string | undefined;
  readonly model?: string | undefined;
  /** uuids */
  readonly planVersions?: readonly string[] | undefined;
  /** uuid: this one alone. */
  readonly request?: string | undefined;
  /** Newest first if absent. */
  readonly order?: TimeOrder | undefined;
  /** Only what comes after this one in that order. */
  readonly after?: { readonly atMs: number; readonly request: string } | undefined;
  readonly limit: number;
}

/** Days that are looked through at once: one on the first page, more where it holds little. */
const STEPS = [1, 3, 10, 400] as const;
/** One customer's are few. */
const STEPS_OF_ONE = [400] as const;

/**
 * Decisions of a period, in the order of time. Days are read from that end on, and no further than a page
 * needs: each is a partition of its own.
 */
export async function listDecisions(
  pool: Pool,
  query: DecisionQuery,
): Promise<readonly ListedDecision[]> {
  const spans = daySpans(query, {
    order: query.order ?? 'desc',
    beginMs: query.after?.atMs,
    steps: query.customer === undefined ? STEPS : STEPS_OF_ONE,
  });
  return readInSpans(spans, query.limit, (span, limit) =>
    decisionsOfDays(pool, query, span, limit),
  );
}

async function decisionsOfDays(
  pool: Pool,
  query: DecisionQuery,
  { fromDay, toDay }: DaySpan,
  limit: number,
): Promise<readonly ListedDecision[]> {
  const isOldestFirst = query.order === 'asc';
  const direction = isOldestFirst ? 'ASC' : 'DESC';
  const values: unknown[] = [query.book, fromDay, toDay, limit];
  const conditions = ['d.book = $1', 'd.day >= $2', 'd.day < $3'];
  const also = (value: unknown, condition: (place: string) => string): void => {
    if (value === undefined) return;
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  also(query.customer, (place) => `d.customer = ${place}`);
  also(query.member, (place) => `d.member = ${place}`);
  also(query.gate, (place) => `d.gate = ${place}`);
  also(query.model, (place) => `d.model_asked = ${place}`);
  also(query.planVersions, (place) => `d.plan_version = ANY(${place}::uuid[])`);
  also(query.request, (place) => `d.request = ${place}`);
  if (query.verdict !== undefined)
    conditions.push(`d.class_served IS ${query.verdict === 'refused' ? '' : 'NOT '}NULL`);
  if (query.after !== undefined) {
    values.push(query.after.atMs, query.after.request);
    conditions.push(
      `(d.at_ms, d.request) ${isOldestFirst ? '>' : '<'} ($${values.length - 1}, $${values.length}::uuid)`,
    );
  }
  const { rows } = await pool.query<ListedDecision>(
    `SELECT d.customer, d.request, d.seq, d.at_ms, d.plan_version, d.model_asked, d.class_asked,
            d.class_served, d.reason, d.gate, d.fallback, d.slow, d.member, d.api_key,
            e.outcome, e.supplier, e.model, e.estimated, e.tokens_in, e.tokens_out, e.charge, e.refunded, e.cost
       FROM (SELECT * FROM decision d WHERE ${conditions.join(' AND ')}
              ORDER BY d.at_ms ${direction}, d.request ${direction} LIMIT $4) AS d
       LEFT JOIN usage_event e
         ON e.book = d.book AND e.customer = d.customer AND e.id = d.request AND e.day = d.day
      ORDER BY d.at_ms ${direction}, d.request ${direction}`,
    values,
  );
  return rows;
}

/** How often a gate decided something, by its name. */
export interface GateHitRow {
  readonly gate: string;
  readonly refused: number;
  readonly fell_back: number;
  readonly passed: number;
  readonly subscribers: number;
}

/** Who hits which gate of some plan versions; reads only decisions that a gate had a say in. */
export async function readGateHits(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly planVersions: readonly string[];
    readonly fromDay: string;
    readonly toDay: string;
  },
): Promise<readonly GateHitRow[]> {
  const { rows } = await pool.query<GateHitRow>(
    `SELECT gate, count(*) FILTER (WHERE class_served IS NULL) AS refused,
            count(*) FILTER (WHERE class_served IS NOT NULL AND fallback = 'gate') AS fell_back,
            count(*) FILTER (WHERE class_served IS NOT NULL AND fallback <> 'gate') AS passed,
            count(DISTINCT customer) AS subscribers
       FROM decision
      WHERE book = $1 AND day >= $2 AND day < $3 AND plan_version = ANY($4::uuid[]) AND gate IS NOT NULL
      GROUP BY gate ORDER BY count(*) DESC`,
    [query.book, query.fromDay, query.toDay, query.planVersions],
  );
  return rows;
}

/** Refusals by gates on some days. */
export async function countRefusals(
  pool: Pool,
  book: Book,
  days: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ day: string; count: number }>(
    `SELECT day, count(*) AS count FROM decision
      WHERE book = $1 AND day = ANY($2::date[]) AND gate IS NOT NULL AND class_served IS NULL GROUP BY day`,
    [book, days],
  );
  return new Map(rows.map(({ day, count }) => [day, count]));
}

/** What else happened to an account, in the order of time. */
export async function listOperations(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly customer: string;
    /** Newest first if absent. */
    readonly order: TimeOrder | undefined;
    /** Only what comes after this one in that order. */
    readonly afterSeq: number | undefined;
    readonly limit: number;
  },
): Promise<
  readonly {
    seq: number;
    at_ms: number;
    kind: string;
    request: string | null;
    plan_version: string;
    facts: Record<string, unknown>;
  }[]
> {
  const [beyond, direction] = query.order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const { rows } = await pool.query(
    `SELECT seq, at_ms, kind, request, plan_version, facts FROM account_operation
      WHERE book = $1 AND customer = $2 AND ($3::bigint IS NULL OR seq ${beyond} $3) AND kind <> 'accrue'
      ORDER BY seq ${direction} LIMIT $4`,
    [query.book, query.customer, query.afterSeq ?? null, query.limit],
  );
  return rows as Awaited<ReturnType<typeof listOperations>>;
}

export interface ListedIncident {
  readonly id: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly customer: string | null;
  readonly request: string | null;
  readonly facts: Record<string, unknown>;
  readonly resolved_at: Date | null;
}

/** What a person should look at, in the order of time. */
export async function listIncidents(
  pool: Pool,
  query: {
    readonly book: Book;
    readonly open: boolean | undefined;
    /** Newest first if absent. */
    readonly order: TimeOrder | undefined;
    /** Only what comes after this one in that order. */
    readonly afterId: number | undefined;
    readonly limit: number;
  },
): Promise<readonly ListedIncident[]> {
  const [beyond, direction] = query.order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  const { rows } = await pool.query<ListedIncident>(
    `SELECT id, at_ms, kind, customer, request, facts, resolved_at FROM incident
      WHERE book = $1 AND ($2::boolean IS NULL OR (resolved_at IS NULL) = $2) AND ($3::bigint IS NULL OR id ${beyond} $3)
      ORDER BY id ${direction} LIMIT $4`,
    [query.book, query.open ?? null, query.afterId ?? null, query.limit],
  );
  return rows;
}

/** How many incidents of a book nobody has looked at, and when the last one was. */
export async function openIncidents(
  pool: Pool,
  book: Book,
): Promise<{ readonly count: number; readonly latestMs: number }> {
  const { rows } = await pool.query<{ count: number; latest: number | null }>(
    'SELECT count(*) AS count, max(at_ms) AS latest FROM incident WHERE book = $1 AND resolved_at IS NULL',
    [book],
  );
  return { count: rows[0]?.count ?? 0, latestMs: rows[0]?.latest ?? 0 };
}

/** @returns whether there is such an incident. */
export async function resolveIncident(pool: Pool, id: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    'UPDATE incident SET resolved_at = coalesce(resolved_at, now()) WHERE id = $1',
    [id],
  );
  return rowCount === 1;
}

/** How one way to one model did. */
export interface RouteUse {
  readonly supplier: string;
  readonly model: string;
  readonly requests: number;
  readonly failed: number;
  readonly tokens: number;
  readonly cost: string;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Routes as the usage events of some days have them. */
export async function readRouteUse(
  pool: Pool,
  query: { readonly book: Book; readonly fromDay: string; readonly toDay: string },
): Promise<readonly RouteUse[]> {
  const { rows } = await pool.query<RouteUse>(
    `SELECT supplier, model, count(*) AS requests,
            count(*) FILTER (WHERE outcome IN ('upstream_failed', 'process_died')) AS failed,
            sum(tokens_in + tokens_out)::bigint AS tokens, sum(cost)::text AS cost,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY upstream_ms) AS p50,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY upstream_ms) AS p95
       FROM usage_event WHERE book = $1 AND day >= $2 AND day < $3 GROUP BY supplier, model`,
    [query.book, query.fromDay, query.toDay],
  );
  return rows;
}
