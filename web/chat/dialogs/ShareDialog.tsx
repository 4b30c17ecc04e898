import { useEffect, useState } from 'react';
import type { Share } from '#chat/shares.store.ts';
import { m } from '../../paraglide/messages.js';
import { moment } from '../../ui/figures.ts';
import { api } from '../api.ts';
import { chatProblem } from '../chat-problem.ts';
import { CopyButton } from '../CopyButton.tsx';
import { Dialog } from '../Dialog.tsx';
import { ProblemLine } from '../ProblemLine.tsx';

/** Links to a conversation: made, copied, revoked. */
export function ShareDialog({
  conversation,
  onClose,
}: {
  readonly conversation: string;
  readonly onClose: () => void;
}) {
  const [shares, setShares] = useState<readonly Share[]>([]);
  const [made, setMade] = useState<{ readonly id: string; readonly token: string }>();
  const [problem, setProblem] = useState<string>();
  const path = `/chat/conversations/${conversation}/shares`;
  const load = (): void => {
    api<{ shares: readonly Share[] }>('GET', path)
      .then((found) => setShares(found.shares))
      .catch(() => undefined);
  };
  useEffect(load, [path]);
  const attempt = (work: Promise<void>): void => {
    setProblem(undefined);
    work.catch(async (error: unknown) => setProblem(await chatProblem(error)));
  };
  const url = made && `${location.origin}/share/${made.token}`;
  return (
    <Dialog title={m.chat_share()} onClose={onClose}>
      <p>{m.chat_share_about()}</p>
      {url ? (
        <div className="share-link">
          <input
            readOnly
            value={url}
            aria-label={m.chat_share_link()}
            onFocus={(event) => event.target.select()}
          />
          <CopyButton isNamed text={() => url} label={m.chat_copy()} />
        </div>
      ) : (
        <button
          type="button"
          className="button button-main"
          onClick={() =>
            attempt(
              api<{ id: string; token: string }>('POST', path).then((share) => {
                setMade(share);
                load();
              }),
            )
          }
        >
          {m.chat_share_make()}
        </button>
      )}
      <ProblemLine text={problem} />
      {url && <p className="hint">{m.chat_share_once()}</p>}
      {shares.length > 0 && (
        <ul className="share-list">
          {shares.map((share) => (
            <li key={share.id}>
              <span>{m.chat_share_made({ at: moment(share.createdAtMs) })}</span>
              <button
                type="button"
                className="button"
                onClick={() =>
                  attempt(
                    api('DELETE', `/chat/shares/${share.id}`).then(() => {
                      if (made?.id === share.id) setMade(undefined);
                      load();
                    }),
                  )
                }
              >
                {m.chat_share_revoke()}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
