import { useCallback, useState } from 'react';
import type { Conversation } from '#chat/conversation.ts';
import { api } from './api.ts';

const PAGE = 60;

/** The conversations beside the page, the latest first, a page at a time. */
export function useConversationList(): {
  readonly conversations: readonly Conversation[];
  /** Reads them anew, from the first. */
  readonly refreshList: () => void;
  /** Brings the next page; `undefined` where there is none. */
  readonly more: (() => void) | undefined;
} {
  const [conversations, show] = useState<readonly Conversation[]>([]);
  const [hasMore, setMore] = useState(false);
  const load = useCallback((shown: readonly Conversation[]) => {
    const before = shown.at(-1)?.updatedAtMs;
    api<{ conversations: readonly Conversation[] }>(
      'GET',
      `/chat/conversations?limit=${PAGE}${before ? `&before=${before}` : ''}`,
    )
      .then((found) => {
        show([...shown, ...found.conversations]);
        setMore(found.conversations.length === PAGE);
      })
      .catch(() => undefined);
  }, []);
  return {
    conversations,
    refreshList: useCallback(() => load([]), [load]),
    more: hasMore ? () => load(conversations) : undefined,
  };
}
