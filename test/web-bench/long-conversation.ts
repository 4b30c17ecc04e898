import { Client } from 'pg';
import { systemClock } from '#base/clock.ts';
import { type Id, newId, uuidOf } from '#base/id.ts';
import { systemRandom } from '#base/random.ts';
import { charsOf, type Part } from '#chat/part.ts';

const ANSWER = `The answer stands on what was measured.

- first the **input**, cached or not
- then the output

\`\`\`ts
const charge = cost + cost / 4n;
\`\`\`

So a dear answer is known to be dear before it runs, and nobody is surprised by a bill.`;

/** Writes a conversation of so many messages for a member. @returns its id */
export async function longConversation(
  databaseUrl: string,
  owner: { readonly customer: string; readonly member: string },
  count: number,
): Promise<Id<'conversation'>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const id = newId('conversation', systemClock, systemRandom);
  const uuids = (): string => uuidOf(newId('message', systemClock, systemRandom));
  try {
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO conversation (id, book, customer_id, member_id, title, model, created_at, updated_at)
       VALUES ($1, 'live', $2, $3, 'Five thousand messages', 'talker', now(), now())`,
      [uuidOf(id), uuidOf(owner.customer as Id<'customer'>), uuidOf(owner.member as Id<'member'>)],
    );
    let parent: string | null = null;
    let rows: unknown[][] = [];
    const flush = async (): Promise<void> => {
      const column = (at: number): unknown[] => rows.map((row) => row[at]);
      await client.query(
        `INSERT INTO chat_message (id, conversation_id, parent_id, role, status, parts, chars, created_at)
         SELECT t.id, $5, t.parent, t.role, 'complete', t.parts, t.chars, now()
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $6::integer[]) AS t (id, parent, role, parts, chars)`,
        [column(0), column(1), column(2), column(3), uuidOf(id), column(4)],
      );
      rows = [];
    };
    for (let n = 0; n < count; n++) {
      const message = uuids();
      const isUser = n % 2 === 0;
      const text = isUser ? `Question number ${n / 2 + 1}: what does it cost?` : ANSWER;
      const parts: Part[] = [{ type: 'text', text }];
      rows.push([
        message,
        parent,
        isUser ? 'user' : 'assistant',
        JSON.stringify(parts),
        charsOf(parts),
      ]);
      parent = message;
      if (rows.length === 500) await flush();
    }
    if (rows.length > 0) await flush();
    await client.query('UPDATE conversation SET leaf_id = $2 WHERE id = $1', [uuidOf(id), parent]);
    await client.query('COMMIT');
    return id;
  } finally {
    await client.end();
  }
}
