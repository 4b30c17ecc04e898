import { m } from '../../paraglide/messages.js';
import { Dialog } from '../Dialog.tsx';

const SHORTCUTS = [
  ['Ctrl+Shift+O', m.chat_new],
  ['Ctrl+K', m.chat_search],
  ['Shift+Esc', m.chat_shortcut_composer],
  ['Esc', m.chat_stop],
  ['Enter', m.chat_send],
  ['Shift+Enter', m.chat_shortcut_line],
  ['Ctrl+Shift+C', m.chat_shortcut_copy],
  ['Ctrl+Shift+S', m.chat_shortcut_sidebar],
  ['Ctrl+/', m.chat_shortcuts],
] as const;

/** What keys do. */
export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return (
    <Dialog title={m.chat_shortcuts()} onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, label]) => (
          <div key={keys}>
            <dt>{label()}</dt>
            <dd>
              {keys.split('+').map((key) => (
                <kbd key={key}>{isMac && key === 'Ctrl' ? '⌘' : key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
