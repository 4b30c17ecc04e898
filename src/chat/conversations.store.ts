import type { Pool, PoolClient } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';
import type { Conversation } from './conversation.ts';
import { storedTerms } from './search-terms.ts';

interface ConversationRow {
  id: string;
  title: string;
  leaf_id: string | null;
  model: string;
  created_at: Date;
  updated_at: Date;
  expires_at: Date | null;
}

const COLUMNS = 'id, title, leaf_id, model, created_at, updated_at, expires_at';

export async function insertConversation(
  client: PoolClient,
  actor: ChatActor,
  conversation: {
    readonly id: Id<'conversation'>;
    readonly title: string;
    readonly model: string;
    readonly nowMs: number;
    /** Set for a temporary chat. */
    readonly expiresAtMs: number | undefined;
  },
): Promise<void> {
  const { id, title, model, nowMs, expiresAtMs } = conversation;
  await client.query(
    `INSERT INTO conversation (id, book, customer_id, member_id, title, terms, model, created_at, updated_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, array_to_tsvector($6::text[]), $7, $8, $8, $9)`,
    [
      uuidOf(id),
      actor.book,
      uuidOf(actor.customerId),
      uuidOf(actor.memberId),
      title,
      expiresAtMs === undefined ? storedTerms(title) : [],
      model,
      new Date(nowMs),
      expiresAtMs === undefined ? null : new Date(expiresAtMs),
    ],
  );
}

/**
 * A conversation of the actor's own; locked until the transaction ends where `client` runs one.
 * @throws DomainError `not_found`
 */
export async function readConversation(
  client: Pool | PoolClient,
  actor: ChatActor,
  id: Id<'conversation'>,
  lock: '' | 'FOR UPDATE' = '',
): Promise<Conversation> {
  const { rows } = await client.query<ConversationRow>(
    `SELECT ${COLUMNS} FROM conversation WHERE id = $1 AND book = $2 AND member_id = $3 ${lock}`,
    [uuidOf(id), actor.book, uuidOf(actor.memberId)],
  );
  const [row] = rows;
  if (!row) throw new DomainError('not_found', 'There is no such conversation.', { field: 'id' });
  return conversationOf(row);
}

export interface ConversationPage {
  readonly limit: number;
  /** Those changed before this one. */
  readonly beforeMs?: number | undefined;
}

/** The actor's conversations, last changed first. Temporary ones are not listed. */
export async function listConversations(
  pool: Pool,
  actor: ChatActor,
  { limit, beforeMs }: ConversationPage,
): Promise<readonly Conversation[]> {
  const { rows } = await pool.query<ConversationRow>(
    `SELECT ${COLUMNS} FROM conversation
      WHERE book = $1 AND member_id = $2 AND expires_at IS NULL AND ($3::timestamptz IS NULL OR updated_at < $3)
      ORDER BY updated_at DESC, id LIMIT $4`,
    [actor.book, uuidOf(actor.memberId), beforeMs === undefined ? null : new Date(beforeMs), limit],
  );
  return rows.map(conversationOf);
}

export interface Found {
  readonly conversation: Conversation;
  /** The latest message that matches; `undefined` where the title does. */
  readonly message: Id<'message'> | undefined;
  /** Its parts as stored. */
  readonly parts: unknown;
}

/** Conversations whose title or any message matches, last changed first. */
export async function searchConversations(
  pool: Pool,
  actor: ChatActor,
  query: string,
  limit: number,
): Promise<readonly Found[]> {
  const { rows } = await pool.query<
    ConversationRow & { message_id: string | null; parts: unknown }
  >(
    `SELECT ${COLUMNS}, found.message_id, found.parts FROM conversation c
       LEFT JOIN LATERAL (
         SELECT m.id AS message_id, m.parts FROM chat_message m
          WHERE m.conversation_id = c.id AND m.terms @@ $3::tsquery
          ORDER BY m.id DESC LIMIT 1) found ON true
      WHERE c.book = $1 AND c.member_id = $2 AND c.expires_at IS NULL
        AND (c.terms @@ $3::tsquery OR found.message_id IS NOT NULL)
      ORDER BY c.updated_at DESC, c.id LIMIT $4`,
    [actor.book, uuidOf(actor.memberId), query, limit],
  );
  return rows.map((row) => ({
    conversation: conversationOf(row),
    message: row.message_id === null ? undefined : idFromUuid('message', row.message_id),
    parts: row.parts,
  }));
}

/** Moves the shown end, and the time of the last change. */
export async function touchConversation(
  client: PoolClient,
  id: Id<'conversation'>,
  change: { readonly leaf: Id<'message'>; readonly nowMs: number; readonly model?: string },
): Promise<void> {
  await client.query(
    `UPDATE conversation SET leaf_id = $2, updated_at = greatest(updated_at, $3), model = coalesce($4, model)
      WHERE id = $1`,
    [uuidOf(id), uuidOf(change.leaf), new Date(change.nowMs), change.model ?? null],
  );
}

export async function moveLeaf(
  pool: Pool,
  id: Id<'conversation'>,
  leaf: Id<'message'>,
): Promise<void> {
  await pool.query('UPDATE conversation SET leaf_id = $2 WHERE id = $1', [
    uuidOf(id),
    uuidOf(leaf),
  ]);
}

/** @throws DomainError `not_found` */
export async function renameConversation(
  pool: Pool,
  actor: ChatActor,
  id: Id<'conversation'>,
  title: string,
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE conversation SET title = $4, terms = array_to_tsvector($5::text[])
      WHERE id = $1 AND book = $2 AND member_id = $3`,
    [uuidOf(id), actor.book, uuidOf(actor.memberId), title, storedTerms(title)],
  );
  requireFound(rowCount);
}

/** @throws DomainError `not_found` */
export async function deleteConversation(
  pool: Pool,
  actor: ChatActor,
  id: Id<'conversation'>,
): Promise<void> {
  const { rowCount } = await pool.query(
    'DELETE FROM conversation WHERE id = $1 AND book = $2 AND member_id = $3',
    [uuidOf(id), actor.book, uuidOf(actor.memberId)],
  );
  requireFound(rowCount);
}

/** Forgets temporary chats and unused attachments whose time has come, and logs that messages hold. */
export async function forgetExpired(pool: Pool, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await pool.query('DELETE FROM conversation WHERE expires_at < $1', [now]);
  await pool.query('DELETE FROM chat_attachment WHERE expires_at < $1', [now]);
  await pool.query(
    `DELETE FROM generation_entry e USING generation g
      WHERE g.id = e.generation_id AND g.ended_at < $1::timestamptz - interval '1 day'`,
    [now],
  );
}

function requireFound(rowCount: number | null): void {
  if (!rowCount)
    throw new DomainError('not_found', 'There is no such conversation.', { field: 'id' });
}

function conversationOf(row: ConversationRow): Conversation {
  return {
    id: idFromUuid('conversation', row.id),
    title: row.title,
    leaf: row.leaf_id === null ? undefined : idFromUuid('message', row.leaf_id),
    model: row.model,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
    isTemporary: row.expires_at !== null,
  };
}
