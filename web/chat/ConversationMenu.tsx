import { Suspense, useEffect, useRef, useState } from 'react';
import type { Conversation } from '#chat/conversation.ts';
import { m } from '../paraglide/messages.js';
import { api } from './api.ts';
import { DeleteDialog, RenameDialog, ShareDialog } from './dialogs/later.ts';
import { Icon } from './icons.tsx';

/** What can be done with a conversation: share, rename, export, delete. */
export function ConversationMenu({
  conversation,
  onRenamed,
  onDeleted,
}: {
  readonly conversation: Conversation;
  readonly onRenamed: () => void;
  readonly onDeleted: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const [dialog, setDialog] = useState<'share' | 'rename' | 'delete'>();
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const leave = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', leave);
    root.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus();
    return () => removeEventListener('pointerdown', leave);
  }, [isOpen]);
  const path = `/chat/conversations/${conversation.id}`;
  const choose = (next: typeof dialog) => () => {
    // What was chosen goes with the menu; a dialog gives the focus back to what had it.
    if (isOpen) opener.current?.focus();
    setOpen(false);
    setDialog(next);
  };
  const close = (): void => setDialog(undefined);
  return (
    <div
      className="picker"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) {
          event.stopPropagation();
          setOpen(false);
          opener.current?.focus();
        }
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          const items = [
            ...(root.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? []),
          ];
          const at = items.indexOf(document.activeElement as HTMLElement);
          items[(at + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length]?.focus();
          event.preventDefault();
        }
      }}
    >
      <button
        type="button"
        className="quiet-button"
        aria-label={m.chat_share()}
        title={m.chat_share()}
        onClick={choose('share')}
      >
        <Icon name="share" />
      </button>
      <button
        type="button"
        ref={opener}
        className="quiet-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={m.chat_conversation_menu()}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <div className="menu menu-right" role="menu" aria-label={m.chat_conversation_menu()}>
          <button type="button" role="menuitem" onClick={choose('rename')}>
            <Icon name="edit" size={16} /> {m.chat_rename()}
          </button>
          <a
            role="menuitem"
            href={`/api${path}/export?format=markdown`}
            download
            onClick={() => setOpen(false)}
          >
            <Icon name="download" size={16} /> {m.chat_export_markdown()}
          </a>
          <a
            role="menuitem"
            href={`/api${path}/export?format=json`}
            download
            onClick={() => setOpen(false)}
          >
            <Icon name="download" size={16} /> {m.chat_export_json()}
          </a>
          <button type="button" role="menuitem" onClick={choose('delete')}>
            <Icon name="trash" size={16} /> {m.chat_delete()}
          </button>
        </div>
      )}
      <Suspense>
        {dialog === 'share' && <ShareDialog conversation={conversation.id} onClose={close} />}
        {dialog === 'rename' && (
          <RenameDialog
            title={conversation.title}
            onClose={close}
            onRename={(title) => void api('POST', `${path}/title`, { title }).then(onRenamed)}
          />
        )}
        {dialog === 'delete' && (
          <DeleteDialog onClose={close} onDelete={() => void api('DELETE', path).then(onDeleted)} />
        )}
      </Suspense>
    </div>
  );
}
