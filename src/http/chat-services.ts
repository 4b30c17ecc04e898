import type { Chat } from '#chat/chat.ts';
import type { ChatDesk } from '#chat/chat-desk.ts';
import type { Generator } from '#chat/generator.ts';

/** The parts of the chat that its routes use. */
export interface ChatServices {
  readonly chat: Chat;
  readonly desk: ChatDesk;
  readonly generator: Generator;
}
