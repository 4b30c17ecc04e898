import type { Pool, PoolClient } from 'pg';
import type { Book } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import { transaction } from '#db/pool.ts';
import type { ChatActor } from './actor.ts';
import { type EndStatus, type LogEntry, type NumberedEntry, partsOf } from './log-entry.ts';
import { completeMessage, storable } from './messages.store.ts';
import type { Part } from './part.ts';
import type { Taking } from './taking.ts';

/** Followers in all processes are woken by it; the payload is generations' uuids, by commas. */
export const CHAT_LOG_CHANNEL = 'breakeven_chat_log';
/** The process that runs the generation with this uuid stops it. */
export const CHAT_STOP_CHANNEL = 'breakeven_chat_stop';

/** The first key of the advisory lock by which a process says that it lives: "chat" in bytes. */
export const OWNER_LOCK_CLASS = 0x63686174;

export interface NewGeneration {
  readonly id: Id<'generation'>;
  readonly conversation: Id<'conversation'>;
  readonly message: Id<'message'>;
  readonly memberId: Id<'member'>;
  readonly owner: number;
  readonly model: string;
  readonly baseParts: readonly Part[];
  readonly nowMs: number;
}

export async function insertGeneration(client: PoolClient, row: NewGeneration): Promise<void> {
  await client.query(
    `INSERT INTO generation (id, conversation_id, message_id, member_id, owner, status, model, base_parts, started_at)
     VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8)`,
    [
      uuidOf(row.id),
      uuidOf(row.conversation),
      uuidOf(row.message),
      uuidOf(row.memberId),
      row.owner,
      row.model,
      storable(row.baseParts),
      new Date(row.nowMs),
    ],
  );
}

/** Entries of one generation, to be appended after `after`. */
export interface Append {
  readonly generation: Id<'generation'>;
  readonly after: number;
  readonly entries: readonly LogEntry[];
}

/**
 * Appends to the logs of many generations in one statement. A generation that this process no longer
 * owns (another one took this one for dead and ended it) takes nothing.
 * @returns the generations that took their entries
 */
export async function appendEntries(
  client: Pool | PoolClient,
  owner: number,
  appends: readonly Append[],
): Promise<ReadonlySet<Id<'generation'>>> {
  const ids: string[] = [];
  const seqs: number[] = [];
  const bodies: string[] = [];
  for (const { generation, after, entries } of appends) {
    entries.forEach((entry, at) => {
      ids.push(uuidOf(generation));
      seqs.push(after + at + 1);
      bodies.push(storable(entry));
    });
  }
  const { rows } = await client.query<{ id: string }>(
    `WITH given AS (SELECT * FROM unnest($2::uuid[], $3::integer[], $4::jsonb[]) AS t (id, seq, entry)),
          mine AS (
            UPDATE generation g SET last_seq = last.seq
              FROM (SELECT id, max(seq) AS seq, min(seq) AS first FROM given GROUP BY id) last
             WHERE g.id = last.id AND g.owner = $1 AND g.status = 'running' AND g.last_seq = last.first - 1
            RETURNING g.id),
          added AS (
            INSERT INTO generation_entry (generation_id, seq, entry)
            SELECT given.id, given.seq, given.entry FROM given JOIN mine USING (id)),
          told AS (SELECT pg_notify($5, string_agg(id::text, ',')) FROM mine HAVING count(*) > 0)
     SELECT mine.id FROM mine LEFT JOIN told ON true`,
    [owner, ids, seqs, bodies, CHAT_LOG_CHANNEL],
  );
  return new Set(rows.map(({ id }) => idFromUuid('generation', id)));
}

/** Whether an append whose answer was lost had gone through after all. */
export async function wasAppended(
  pool: Pool,
  owner: number,
  { generation, after, entries }: Append,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT FROM generation WHERE id = $1 AND owner = $2 AND status = 'running' AND last_seq = $3`,
    [uuidOf(generation), owner, after + entries.length],
  );
  return rowCount === 1;
}

/** Writes down which request of the books answers, as soon as it is admitted. */
export async function noteRequest(
  pool: Pool,
  id: Id<'generation'>,
  requestId: Id<'request'>,
): Promise<void> {
  await pool.query('UPDATE generation SET request_id = $2 WHERE id = $1', [
    uuidOf(id),
    uuidOf(requestId),
  ]);
}

export interface GenerationEnd {
  readonly id: Id<'generation'>;
  readonly owner: number;
  readonly nowMs: number;
  readonly status: EndStatus;
  /** Last words: citations, an error. */
  readonly entries: readonly LogEntry[];
  readonly taking: Taking | undefined;
}

/**
 * Ends a generation, once: log, message and status in one transaction.
 * @returns the number of the last entry; `undefined` where it had ended before
 */
export function endGeneration(pool: Pool, end: GenerationEnd): Promise<number | undefined> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{
      message_id: string;
      base_parts: readonly Part[];
      last_seq: number;
      request_id: string | null;
    }>(
      `SELECT message_id, base_parts, last_seq, request_id FROM generation
        WHERE id = $1 AND owner = $2 AND status = 'running' FOR UPDATE`,
      [uuidOf(end.id), end.owner],
    );
    const [row] = rows;
    if (!row) return undefined;
    const requestId =
      end.taking?.requestId ?? (row.request_id ? idFromUuid('request', row.request_id) : undefined);
    const last: LogEntry = { type: 'end', status: end.status, taking: end.taking, requestId };
    const logged = await readEntries(client, end.id, 0);
    const entries = [...end.entries, last];
    await appendEntries(client, end.owner, [{ generation: end.id, after: row.last_seq, entries }]);
    await client.query('UPDATE generation SET status = $2, ended_at = $3 WHERE id = $1', [
      uuidOf(end.id),
      end.status,
      new Date(end.nowMs),
    ]);
    await completeMessage(client, {
      id: idFromUuid('message', row.message_id),
      status: end.status,
      parts: partsOf(row.base_parts, [...logged.map(({ entry }) => entry), ...entries]),
      taking: end.taking,
    });
    return row.last_seq + entries.length;
  });
}

/** Entries after a number, in order. */
export async function readEntries(
  client: Pool | PoolClient,
  id: Id<'generation'>,
  after: number,
): Promise<readonly NumberedEntry[]> {
  const { rows } = await client.query<NumberedEntry>(
    'SELECT seq, entry FROM generation_entry WHERE generation_id = $1 AND seq > $2 ORDER BY seq',
    [uuidOf(id), after],
  );
  return rows;
}

export interface GenerationState {
  readonly id: Id<'generation'>;
  readonly message: Id<'message'>;
  readonly owner: number;
  readonly isRunning: boolean;
  readonly lastSeq: number;
}

/** A generation of the actor's own. @throws DomainError `not_found` */
export async function readGeneration(
  pool: Pool,
  actor: ChatActor,
  id: Id<'generation'>,
): Promise<GenerationState> {
  const { rows } = await pool.query<{
    owner: number;
    status: string;
    last_seq: number;
    message_id: string;
  }>(
    `SELECT g.owner, g.status, g.last_seq, g.message_id FROM generation g JOIN conversation c ON c.id = g.conversation_id
      WHERE g.id = $1 AND c.book = $2 AND c.member_id = $3`,
    [uuidOf(id), actor.book, uuidOf(actor.memberId)],
  );
  const [row] = rows;
  if (!row) throw new DomainError('not_found', 'There is no such answer.', { field: 'id' });
  return {
    id,
    message: idFromUuid('message', row.message_id),
    owner: row.owner,
    isRunning: row.status === 'running',
    lastSeq: row.last_seq,
  };
}

export async function askToStop(pool: Pool, id: Id<'generation'>): Promise<void> {
  await pool.query('SELECT pg_notify($1, $2)', [CHAT_STOP_CHANNEL, uuidOf(id)]);
}

/** A generation whose process is gone. */
export interface Orphan {
  readonly id: Id<'generation'>;
  readonly owner: number;
  readonly book: Book;
  readonly customerId: Id<'customer'>;
  readonly requestId: Id<'request'> | undefined;
}

/** Says below a message what a generation took that another process had ended before it was settled. */
export async function addTaking(pool: Pool, id: Id<'generation'>, taking: Taking): Promise<void> {
  await pool.query(
    `UPDATE chat_message m SET takings = takings || $2::jsonb FROM generation g
      WHERE g.id = $1 AND m.id = g.message_id
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(m.takings) t WHERE t->>'requestId' = $3)`,
    [uuidOf(id), JSON.stringify([taking]), taking.requestId],
  );
}

/** Generations that run, by their word, in processes that do not live any more. */
export async function orphanedGenerations(pool: Pool): Promise<readonly Orphan[]> {
  const { rows } = await pool.query<{
    id: string;
    owner: number;
    book: Book;
    customer_id: string;
    request_id: string | null;
  }>(
    `SELECT g.id, g.owner, c.book, c.customer_id, g.request_id
       FROM generation g JOIN conversation c ON c.id = g.conversation_id
      WHERE status = 'running' AND NOT EXISTS (
        SELECT FROM pg_locks l
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = g.owner::bigint::oid AND l.objsubid = 2
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    [OWNER_LOCK_CLASS],
  );
  return rows.map((row) => ({
    id: idFromUuid('generation', row.id),
    owner: row.owner,
    book: row.book,
    customerId: idFromUuid('customer', row.customer_id),
    requestId: row.request_id === null ? undefined : idFromUuid('request', row.request_id),
  }));
}
