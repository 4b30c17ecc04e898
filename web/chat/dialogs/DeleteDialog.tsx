import { m } from '../../paraglide/messages.js';
import { Dialog } from '../Dialog.tsx';

/** Asked before a conversation goes for good. */
export function DeleteDialog({
  onDelete,
  onClose,
}: {
  readonly onDelete: () => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={m.chat_delete_title()} onClose={onClose}>
      <p>{m.chat_delete_about()}</p>
      <div className="row-end">
        <button type="button" className="button" onClick={onClose}>
          {m.chat_cancel()}
        </button>
        <button
          type="button"
          className="button button-main"
          onClick={() => {
            onDelete();
            onClose();
          }}
        >
          {m.chat_delete()}
        </button>
      </div>
    </Dialog>
  );
}
