import type { ChatModel } from '#chat/chat-desk.ts';
import type { ChatSettings } from '#chat/chat-settings.store.ts';

/** `GET /api/chat/start`: what the page begins with. */
export interface ChatStart {
  readonly models: readonly ChatModel[];
  readonly settings: ChatSettings;
  readonly webSearch: boolean;
  readonly attachmentBytesMax: number;
}
