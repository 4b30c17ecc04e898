import type { Pool } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';

export interface Share {
  readonly id: Id<'share'>;
  readonly title: string;
  readonly createdAtMs: number;
}

export async function insertShare(
  pool: Pool,
  share: {
    readonly id: Id<'share'>;
    readonly tokenSha256: Buffer;
    readonly conversation: Id<'conversation'>;
    readonly leaf: Id<'message'>;
    readonly title: string;
    readonly nowMs: number;
  },
): Promise<void> {
  await pool.query(
    `INSERT INTO chat_share (id, token_sha256, conversation_id, leaf_id, title, created_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      uuidOf(share.id),
      share.tokenSha256,
      uuidOf(share.conversation),
      uuidOf(share.leaf),
      share.title,
      new Date(share.nowMs),
    ],
  );
}

/** The links of a conversation that work. */
export async function listShares(
  pool: Pool,
  conversation: Id<'conversation'>,
): Promise<readonly Share[]> {
  const { rows } = await pool.query<{ id: string; title: string; created_at: Date }>(
    `SELECT id, title, created_at FROM chat_share
      WHERE conversation_id = $1 AND revoked_at IS NULL ORDER BY id`,
    [uuidOf(conversation)],
  );
  return rows.map(({ id, title, created_at }) => ({
    id: idFromUuid('share', id),
    title,
    createdAtMs: created_at.getTime(),
  }));
}

/** @throws DomainError `not_found` */
export async function revokeShare(
  pool: Pool,
  actor: ChatActor,
  id: Id<'share'>,
  nowMs: number,
): Promise<void> {
  const { rowCount } = await pool.query(
    `UPDATE chat_share s SET revoked_at = $4 FROM conversation c
      WHERE s.id = $1 AND c.id = s.conversation_id AND c.book = $2 AND c.member_id = $3 AND s.revoked_at IS NULL`,
    [uuidOf(id), actor.book, uuidOf(actor.memberId), new Date(nowMs)],
  );
  if (rowCount === 0) throw new DomainError('not_found', 'There is no such link.', { field: 'id' });
}

/** What a link leads to; `undefined` for one that was revoked or never was. */
export async function findShare(
  pool: Pool,
  tokenSha256: Buffer,
): Promise<
  (Share & { readonly conversation: Id<'conversation'>; readonly leaf: Id<'message'> }) | undefined
> {
  const { rows } = await pool.query<{
    id: string;
    title: string;
    created_at: Date;
    conversation_id: string;
    leaf_id: string;
  }>(
    `SELECT id, title, created_at, conversation_id, leaf_id FROM chat_share
      WHERE token_sha256 = $1 AND revoked_at IS NULL`,
    [tokenSha256],
  );
  const [row] = rows;
  return (
    row && {
      id: idFromUuid('share', row.id),
      title: row.title,
      createdAtMs: row.created_at.getTime(),
      conversation: idFromUuid('conversation', row.conversation_id),
      leaf: idFromUuid('message', row.leaf_id),
    }
  );
}
