import { m } from '../paraglide/messages.js';
import type { ApiError } from './api.ts';

/** Before anything was asked, or where nothing could answer. */
export function Welcome({
  isTemporary,
  hasModels,
}: {
  readonly isTemporary: boolean;
  readonly hasModels: boolean;
}) {
  if (!hasModels)
    return (
      <div className="welcome">
        <h2>{m.chat_no_models()}</h2>
        <p>{m.chat_no_models_about()}</p>
      </div>
    );
  return (
    <div className="welcome">
      <h2>{isTemporary ? m.chat_welcome_temporary() : m.chat_welcome()}</h2>
      <p>{isTemporary ? m.chat_temporary_about() : m.chat_welcome_about()}</p>
    </div>
  );
}

/** Where the page cannot begin: who is signed out signs in, else it is tried again. */
export function Unreachable({
  failure,
  onRetry,
}: {
  readonly failure: ApiError;
  readonly onRetry: () => void;
}) {
  const isOut = failure.status === 401;
  return (
    <main className="welcome welcome-alone">
      <span className="wordmark">Breakeven</span>
      <h2>{isOut ? m.chat_sign_in_first() : m.chat_unreachable()}</h2>
      {!isOut && <p>{m.chat_unreachable_about()}</p>}
      {isOut ? (
        <a className="button button-main" href="/sign-in">
          {m.chat_sign_in()}
        </a>
      ) : (
        <button type="button" className="button button-main" onClick={onRetry}>
          {m.chat_again()}
        </button>
      )}
    </main>
  );
}
