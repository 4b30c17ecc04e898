import { type ReactNode, useEffect, useRef } from 'react';
import { m } from '../paraglide/messages.js';
import { Icon } from './icons.tsx';

/**
 * A dialog over the page; the browser keeps the focus in it and Escape closes it. What bears `data-first`
 * has the focus when it opens.
 */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    // Whoever opened it gets the focus back when it closes: the browser sees to that.
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? 'dialog dialog-wide' : 'dialog'}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div className="dialog-body">
        <header>
          <h2>{title}</h2>
          <button
            type="button"
            className="quiet-button"
            aria-label={m.chat_close()}
            onClick={onClose}
          >
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
