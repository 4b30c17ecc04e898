import type { Pool } from 'pg';
import { uuidOf } from '#base/id.ts';
import type { ChatActor } from './actor.ts';

export interface ChatSettings {
  /** Custom instructions: about the member, and how to answer. */
  readonly about: string;
  readonly style: string;
  readonly instructionsOn: boolean;
  /** Where usage is charged: a request that may take more is asked about first. */
  readonly askAboveNanoUsd: number;
  /** Where the plan includes it: the same of a limit, in thousandths. */
  readonly askAbovePerMille: number;
  /** Load pictures that answers name without asking each time. */
  readonly remoteImages: boolean;
}

/** What nobody has set yet: a twentieth of a limit. */
export const ASK_ABOVE_PER_MILLE = 50;

export const DEFAULT_SETTINGS: ChatSettings = Object.freeze({
  about: '',
  style: '',
  instructionsOn: true,
  askAboveNanoUsd: 250_000_000,
  askAbovePerMille: ASK_ABOVE_PER_MILLE,
  remoteImages: false,
});

export async function readSettings(pool: Pool, actor: ChatActor): Promise<ChatSettings> {
  const { rows } = await pool.query<ChatSettings>(
    `SELECT about, style, instructions_on AS "instructionsOn", ask_above AS "askAboveNanoUsd",
            ask_above_share AS "askAbovePerMille", remote_images AS "remoteImages"
       FROM chat_settings WHERE book = $1 AND member_id = $2`,
    [actor.book, uuidOf(actor.memberId)],
  );
  return rows[0] ?? DEFAULT_SETTINGS;
}

export async function saveSettings(
  pool: Pool,
  actor: ChatActor,
  settings: ChatSettings,
): Promise<void> {
  await pool.query(
    `INSERT INTO chat_settings (book, member_id, about, style, instructions_on, ask_above, ask_above_share, remote_images)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (book, member_id) DO UPDATE SET about = excluded.about, style = excluded.style,
       instructions_on = excluded.instructions_on, ask_above = excluded.ask_above,
       ask_above_share = excluded.ask_above_share, remote_images = excluded.remote_images`,
    [
      actor.book,
      uuidOf(actor.memberId),
      settings.about,
      settings.style,
      settings.instructionsOn,
      settings.askAboveNanoUsd,
      settings.askAbovePerMille,
      settings.remoteImages,
    ],
  );
}
