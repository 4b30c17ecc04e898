import { m } from '../../paraglide/messages.js';
import { Dialog } from '../Dialog.tsx';

/** A name for a conversation. */
export function RenameDialog({
  title,
  onRename,
  onClose,
}: {
  readonly title: string;
  readonly onRename: (title: string) => void;
  readonly onClose: () => void;
}) {
  return (
    <Dialog title={m.chat_rename()} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const next = (new FormData(event.currentTarget).get('title') as string).trim();
          if (next !== '') onRename(next);
          onClose();
        }}
      >
        <label className="field">
          {m.chat_name()}
          <input
            name="title"
            defaultValue={title}
            maxLength={200}
            data-first
            required
            onFocus={(event) => event.target.select()}
          />
        </label>
        <div className="row-end">
          <button type="button" className="button" onClick={onClose}>
            {m.chat_cancel()}
          </button>
          <button type="submit" className="button button-main">
            {m.chat_save()}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
