import type { Pool, PoolClient } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';
import type { Message, MessageOutline, MessageStatus } from './conversation.ts';
import { charsOf, type Part, textOf } from './part.ts';
import { storedTerms } from './search-terms.ts';
import type { Taking } from './taking.ts';

export interface NewMessage {
  readonly id: Id<'message'>;
  readonly conversation: Id<'conversation'>;
  readonly parent: Id<'message'> | undefined;
  readonly role: 'user' | 'assistant';
  readonly status: MessageStatus;
  readonly parts: readonly Part[];
  readonly nowMs: number;
  /** False for temporary chats. */
  readonly isSearchable: boolean;
}

export async function insertMessage(client: PoolClient, message: NewMessage): Promise<void> {
  const { parts } = message;
  await client.query(
    `INSERT INTO chat_message (id, conversation_id, parent_id, role, status, parts, chars, terms, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, array_to_tsvector($8::text[]), $9)`,
    [
      uuidOf(message.id),
      uuidOf(message.conversation),
      message.parent === undefined ? null : uuidOf(message.parent),
      message.role,
      message.status,
      storable(parts),
      charsOf(parts),
      message.isSearchable ? storedTerms(textOf(parts)) : [],
      new Date(message.nowMs),
    ],
  );
}

/** Writes what a generation brought. */
export async function completeMessage(
  client: PoolClient,
  message: {
    readonly id: Id<'message'>;
    readonly status: MessageStatus;
    readonly parts: readonly Part[];
    readonly taking: Taking | undefined;
  },
): Promise<void> {
  const { parts, taking } = message;
  await client.query(
    `UPDATE chat_message m SET status = $2, parts = $3, chars = $4, takings = takings || $6::jsonb,
            terms = CASE WHEN c.expires_at IS NULL THEN array_to_tsvector($5::text[]) ELSE '' END
       FROM conversation c WHERE m.id = $1 AND c.id = m.conversation_id`,
    [
      uuidOf(message.id),
      message.status,
      storable(parts),
      charsOf(parts),
      storedTerms(textOf(parts)),
      JSON.stringify(taking ? [taking] : []),
    ],
  );
}

/** Begins another generation of a message that stopped half-way. @returns false where one runs already. */
export async function reopenMessage(client: PoolClient, id: Id<'message'>): Promise<boolean> {
  const { rowCount } = await client.query(
    "UPDATE chat_message SET status = 'running' WHERE id = $1 AND status <> 'running'",
    [uuidOf(id)],
  );
  return rowCount === 1;
}

interface TreeRow {
  id: string;
  parent_id: string | null;
  role: 'user' | 'assistant';
  chars: number;
}

/** The tree of a conversation without its texts, oldest first. */
export class MessageTree {
  readonly #rows = new Map<string, TreeRow>();
  readonly #children = new Map<string, string[]>();

  constructor(rows: readonly TreeRow[]) {
    for (const row of rows) {
      this.#rows.set(row.id, row);
      const key = row.parent_id ?? '';
      const siblings = this.#children.get(key);
      if (siblings) siblings.push(row.id);
      else this.#children.set(key, [row.id]);
    }
  }

  /** From the first message to the one with this id. */
  path(leaf: Id<'message'> | undefined): readonly MessageOutline[] {
    const path: MessageOutline[] = [];
    let at = leaf === undefined ? undefined : this.#rows.get(uuidOf(leaf));
    while (at !== undefined) {
      const siblings = this.#children.get(at.parent_id ?? '') ?? [];
      path.push({
        id: idFromUuid('message', at.id),
        role: at.role,
        chars: at.chars,
        siblings: siblings.length < 2 ? [] : siblings.map((id) => idFromUuid('message', id)),
      });
      at = at.parent_id === null ? undefined : this.#rows.get(at.parent_id);
    }
    return path.reverse();
  }

  /** All messages of all branches, oldest first. */
  get ids(): readonly Id<'message'>[] {
    return [...this.#rows.keys()].map((id) => idFromUuid('message', id));
  }

  has(id: Id<'message'>): boolean {
    return this.#rows.has(uuidOf(id));
  }

  /** The newest end below a message. */
  newestLeaf(id: Id<'message'>): Id<'message'> {
    let at = uuidOf(id);
    for (;;) {
      const next = this.#children.get(at)?.at(-1);
      if (next === undefined) return idFromUuid('message', at);
      at = next;
    }
  }
}

export async function readTree(
  client: Pool | PoolClient,
  conversation: Id<'conversation'>,
): Promise<MessageTree> {
  const { rows } = await client.query<TreeRow>(
    'SELECT id, parent_id, role, chars FROM chat_message WHERE conversation_id = $1 ORDER BY id',
    [uuidOf(conversation)],
  );
  return new MessageTree(rows);
}

interface MessageRow {
  id: string;
  parent_id: string | null;
  role: 'user' | 'assistant';
  status: MessageStatus;
  parts: readonly Part[];
  takings: readonly Taking[];
  created_at: Date;
  generation_id: string | null;
  rating: 'up' | 'down' | null;
}

/** Messages of a conversation with their content, in the order asked for; ids of others are left out. */
export async function readMessages(
  client: Pool | PoolClient,
  conversation: Id<'conversation'>,
  ids: readonly Id<'message'>[],
): Promise<readonly Message[]> {
  const { rows } = await client.query<MessageRow>(
    `SELECT m.id, m.parent_id, m.role, m.status, m.parts, m.takings, m.created_at, g.id AS generation_id, f.rating
       FROM chat_message m
       LEFT JOIN generation g ON g.message_id = m.id AND g.status = 'running'
       LEFT JOIN chat_feedback f ON f.message_id = m.id
      WHERE m.conversation_id = $1 AND m.id = ANY($2::uuid[])`,
    [uuidOf(conversation), ids.map(uuidOf)],
  );
  // Ids of one millisecond are in no order: the caller's is the one that counts.
  const byId = new Map(rows.map((row) => [row.id, messageOf(row)]));
  return ids.flatMap((id) => byId.get(uuidOf(id)) ?? []);
}

/** A message of the actor's own, and its conversation. @throws DomainError `not_found` */
export async function findMessage(
  client: Pool | PoolClient,
  actor: ChatActor,
  id: Id<'message'>,
): Promise<{ readonly message: Message; readonly conversation: Id<'conversation'> }> {
  const { rows } = await client.query<{ conversation_id: string }>(
    `SELECT m.conversation_id FROM chat_message m JOIN conversation c ON c.id = m.conversation_id
      WHERE m.id = $1 AND c.book = $2 AND c.member_id = $3`,
    [uuidOf(id), actor.book, uuidOf(actor.memberId)],
  );
  const conversation = rows[0] && idFromUuid('conversation', rows[0].conversation_id);
  const [message] = conversation ? await readMessages(client, conversation, [id]) : [];
  if (!message || !conversation)
    throw new DomainError('not_found', 'There is no such message.', { field: 'message' });
  return { message, conversation };
}

/** PostgreSQL's jsonb takes no NUL, which a model may well put out. */
export function storable(value: unknown): string {
  return JSON.stringify(value).replaceAll(String.raw`\u0000`, String.raw`\ufffd`);
}

function messageOf(row: MessageRow): Message {
  return {
    id: idFromUuid('message', row.id),
    parent: row.parent_id === null ? undefined : idFromUuid('message', row.parent_id),
    role: row.role,
    status: row.status,
    parts: row.parts,
    takings: row.takings,
    createdAtMs: row.created_at.getTime(),
    generation:
      row.generation_id === null ? undefined : idFromUuid('generation', row.generation_id),
    feedback: row.rating ?? undefined,
  };
}
