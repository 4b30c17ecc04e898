import { type RefObject, useEffect } from 'react';
import type { ComposerHandle } from './Composer.tsx';
import type { ConversationStore } from './conversation-store.ts';
import { textOf } from './message-text.ts';

/** What keys do anywhere on the page; the shortcuts dialog names them. The actions stay the same functions. */
export function useChatKeys(
  store: ConversationStore,
  composer: RefObject<ComposerHandle | null>,
  onNew: () => void,
  onShortcuts: () => void,
  onSidebar: () => void,
): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isCommand = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (event.key === 'Escape' && event.shiftKey) composer.current?.focus();
      else if (
        event.key === 'Escape' &&
        store.isAnswering &&
        !document.querySelector('dialog[open]')
      )
        void store.stop();
      else if (!isCommand) return;
      else if (key === 'k') document.getElementById('chat-search')?.focus();
      else if (key === '/') onShortcuts();
      else if (event.shiftKey && key === 'o') onNew();
      else if (event.shiftKey && key === 's') onSidebar();
      else if (event.shiftKey && key === 'c') {
        const { outline, messages } = store.state();
        const last = outline.findLast(({ role }) => role === 'assistant');
        const parts = last && messages.get(last.id)?.parts;
        if (parts) void navigator.clipboard?.writeText(textOf(parts));
      } else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [store, composer, onNew, onShortcuts, onSidebar]);
}
