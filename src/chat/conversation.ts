import type { Id } from '#base/id.ts';
import type { Part } from './part.ts';
import type { Taking } from './taking.ts';

export interface Conversation {
  readonly id: Id<'conversation'>;
  readonly title: string;
  /** The end of the branch that is shown. */
  readonly leaf: Id<'message'> | undefined;
  readonly model: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly isTemporary: boolean;
}

export type MessageStatus = 'complete' | 'running' | 'stopped' | 'interrupted' | 'cut' | 'failed';

export interface Message {
  readonly id: Id<'message'>;
  readonly parent: Id<'message'> | undefined;
  readonly role: 'user' | 'assistant';
  readonly status: MessageStatus;
  readonly parts: readonly Part[];
  readonly takings: readonly Taking[];
  readonly createdAtMs: number;
  /** The generation that writes it now. */
  readonly generation: Id<'generation'> | undefined;
  readonly feedback: 'up' | 'down' | undefined;
}

/** A message as the layout of a long conversation needs it. */
export interface MessageOutline {
  readonly id: Id<'message'>;
  readonly role: 'user' | 'assistant';
  readonly chars: number;
  /** All messages with the same parent, itself among them, oldest first; empty where it is the only one. */
  readonly siblings: readonly Id<'message'>[];
}

export const TITLE_CHARACTERS_MAX = 80;

/** What a conversation is called until its owner says otherwise: its first words. */
export function titleOf(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  const characters = [...line];
  if (characters.length <= TITLE_CHARACTERS_MAX) return line;
  const cut = characters.slice(0, TITLE_CHARACTERS_MAX - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > TITLE_CHARACTERS_MAX / 2 ? cut.slice(0, space) : cut}…`;
}
