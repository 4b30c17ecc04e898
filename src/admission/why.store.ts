import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { mintedAtMs } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';

export interface DecisionRow {
  book: Book;
  customer: string;
  seq: number;
  process: number;
  clock_ms: number;
  at_ms: number;
  period_start_ms: number;
  plan_version: string;
  plan: string | null;
  surface: string;
  streamed: boolean;
  model_asked: string;
  input_tokens: number;
  output_asked: number | null;
  output_sent: number | null;
  class_asked: string;
  class_served: string | null;
  reason: string | null;
  gate: string | null;
  fallback: string;
  slow: boolean;
  candidates: Buffer;
  hold: Buffer;
}

export interface EventRow {
  seq: number;
  outcome: string;
  estimated: boolean;
  settled_ms: number;
  attempts: Buffer;
  cost: number;
  charge: number;
  payments: Buffer;
  overrun: number;
}

export interface IncidentRow {
  kind: string;
  facts: unknown;
}

const DAY_MS = 86_400_000;

/** What the books have of a request. Its id tells the day, give or take one: few partitions are read. */
export async function readWhy(
  pool: Pool,
  request: string,
): Promise<{
  decision: DecisionRow | undefined;
  event: EventRow | undefined;
  incidents: readonly IncidentRow[];
}> {
  const mintedMs = mintedAtMs(request);
  const days = [utcDay(mintedMs - DAY_MS), utcDay(mintedMs + DAY_MS)];
  const decisions = await pool.query<DecisionRow>(
    `SELECT d.*, p.plan || ' v' || p.version AS plan
       FROM decision d LEFT JOIN plan_version p ON p.id = d.plan_version
      WHERE d.request = $1 AND d.day BETWEEN $2 AND $3 ORDER BY d.seq DESC LIMIT 1`,
    [request, ...days],
  );
  const [decision] = decisions.rows;
  if (decision === undefined) return { decision, event: undefined, incidents: [] };
  const events = await pool.query<EventRow>(
    `SELECT * FROM usage_event
      WHERE book = $1 AND customer = $2 AND id = $3 AND day BETWEEN $4 AND $5`,
    [decision.book, decision.customer, request, ...days],
  );
  const incidents = await pool.query<IncidentRow>(
    'SELECT kind, facts FROM incident WHERE book = $1 AND customer = $2 AND request = $3 ORDER BY id',
    [decision.book, decision.customer, request],
  );
  return { decision, event: events.rows[0], incidents: incidents.rows };
}
