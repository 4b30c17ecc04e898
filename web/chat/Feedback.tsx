import { useState } from 'react';
import { m } from '../paraglide/messages.js';
import { Dialog } from './Dialog.tsx';
import { Icon } from './icons.tsx';

const REASONS = [
  ['wrong', m.chat_reason_wrong],
  ['unhelpful', m.chat_reason_unhelpful],
  ['long', m.chat_reason_long],
  ['harmful', m.chat_reason_harmful],
  ['other', m.chat_reason_other],
] as const;

/** Thumbs; a bad one may say why. */
export function Feedback({
  rating,
  onRate,
}: {
  readonly rating: 'up' | 'down' | undefined;
  readonly onRate: (rating: 'up' | 'down' | null, reason?: string, comment?: string) => void;
}) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <button
        type="button"
        className="quiet-button"
        aria-pressed={rating === 'up'}
        aria-label={m.chat_good()}
        title={m.chat_good()}
        onClick={() => onRate(rating === 'up' ? null : 'up')}
      >
        <Icon name="up" size={16} />
      </button>
      <button
        type="button"
        className="quiet-button"
        aria-pressed={rating === 'down'}
        aria-label={m.chat_bad()}
        title={m.chat_bad()}
        onClick={() => {
          onRate(rating === 'down' ? null : 'down');
          if (rating !== 'down') setAsking(true);
        }}
      >
        <Icon name="down" size={16} />
      </button>
      {isAsking && (
        <Dialog title={m.chat_reason_title()} onClose={() => setAsking(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const data = new FormData(event.currentTarget);
              onRate('down', data.get('reason') as string, data.get('comment') as string);
              setAsking(false);
            }}
          >
            <fieldset className="choices-list">
              <legend className="visually-hidden">{m.chat_reason_title()}</legend>
              {REASONS.map(([value, label]) => (
                <label key={value}>
                  <input type="radio" name="reason" value={value} required /> {label()}
                </label>
              ))}
            </fieldset>
            <label className="field">
              {m.chat_reason_comment()}
              <textarea name="comment" rows={3} maxLength={2000} />
            </label>
            <div className="row-end">
              <button type="button" className="button" onClick={() => setAsking(false)}>
                {m.chat_skip()}
              </button>
              <button type="submit" className="button button-main">
                {m.chat_send_feedback()}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
