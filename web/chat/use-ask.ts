import { useCallback, useState } from 'react';
import type { Limits } from '#chat/limits.ts';
import { api } from './api.ts';
import type { ChatStart } from './chat-start.ts';
import type { ConversationStore } from './conversation-store.ts';
import { mayTakeMuch, type QuoteRange, takesMuch } from './quote-range.ts';

/** What is asked of the writer before a message goes out. */
export interface Question {
  readonly range: QuoteRange;
  readonly answer: (isYes: boolean) => void;
}

/**
 * Sends messages; of one that may be dear, or take much of a limit, it asks first. `ask` says whether it was
 * sent. @throws ApiError
 */
export function useAsk(
  store: ConversationStore,
  { start, limits }: { readonly start: ChatStart | undefined; readonly limits: Limits | undefined },
) {
  const [question, setQuestion] = useState<Question>();
  const ask = useCallback(
    async (draft: Parameters<ConversationStore['send']>[0]): Promise<boolean> => {
      const threshold = start?.settings.askAboveNanoUsd ?? Number.MAX_SAFE_INTEGER;
      const share = start?.settings.askAbovePerMille ?? 1000;
      const isMetered = limits?.plan.billing === 'metered';
      const ofClass = start?.models.find(({ name }) => name === draft.model)?.class;
      if (isMetered || mayTakeMuch(draft, ofClass)) {
        const { outline, conversation } = store.state();
        const parent = outline.at(-1)?.id;
        const range = await api<QuoteRange>('POST', '/chat/quote', {
          model: draft.model,
          text: draft.text,
          attachments: draft.attachments.flatMap((part) =>
            'attachment' in part ? [part.attachment] : [],
          ),
          ...(draft.effort && { effort: draft.effort }),
          ...(draft.search && { search: true }),
          ...(conversation && { conversation: conversation.id, ...(parent && { parent }) }),
        });
        if (isMetered ? range.expectedNanoUsd > threshold : takesMuch(range, share)) {
          const isYes = await new Promise<boolean>((answer) => setQuestion({ range, answer }));
          setQuestion(undefined);
          if (!isYes) return false;
        }
      }
      await store.send(draft);
      return true;
    },
    [start, limits, store],
  );
  return { ask, question };
}
