import type { Pool, PoolClient } from 'pg';
import { DomainError } from '#base/domain-error.ts';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';
import type { Attachment } from './attachment.ts';

export async function insertAttachment(
  pool: Pool,
  actor: ChatActor,
  attachment: Attachment,
  { nowMs, expiresAtMs }: { readonly nowMs: number; readonly expiresAtMs: number },
): Promise<void> {
  await pool.query(
    `INSERT INTO chat_attachment (id, book, member_id, name, kind, media_type, content, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      uuidOf(attachment.id),
      actor.book,
      uuidOf(actor.memberId),
      attachment.name,
      attachment.kind,
      attachment.mediaType,
      attachment.content,
      new Date(nowMs),
      new Date(expiresAtMs),
    ],
  );
}

/** The actor's own attachments, in the order asked for. @throws DomainError `not_found` */
export async function readAttachments(
  client: Pool | PoolClient,
  actor: ChatActor,
  ids: readonly Id<'attachment'>[],
): Promise<readonly Attachment[]> {
  if (ids.length === 0) return [];
  const { rows } = await client.query<{
    id: string;
    name: string;
    kind: 'image' | 'text';
    media_type: string;
    content: Buffer;
  }>(
    `SELECT id, name, kind, media_type, content FROM chat_attachment
      WHERE id = ANY($1::uuid[]) AND book = $2 AND member_id = $3`,
    [ids.map(uuidOf), actor.book, uuidOf(actor.memberId)],
  );
  const byId = new Map(
    rows.map((row) => [
      idFromUuid('attachment', row.id),
      {
        id: idFromUuid('attachment', row.id),
        name: row.name,
        kind: row.kind,
        mediaType: row.media_type,
        content: row.content,
      },
    ]),
  );
  return ids.map((id) => {
    const found = byId.get(id);
    if (!found)
      throw new DomainError('not_found', 'There is no such attachment.', { field: 'attachments' });
    return found;
  });
}

/** Keeps attachments that a message uses now; temporary chats' own end with the chat. */
export async function keepAttachments(
  client: PoolClient,
  ids: readonly Id<'attachment'>[],
  expiresAtMs: number | undefined,
): Promise<void> {
  if (ids.length === 0) return;
  await client.query('UPDATE chat_attachment SET expires_at = $2 WHERE id = ANY($1::uuid[])', [
    ids.map(uuidOf),
    expiresAtMs === undefined ? null : new Date(expiresAtMs),
  ]);
}
