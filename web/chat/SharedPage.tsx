import { useEffect, useMemo, useState } from 'react';
import type { Message } from '#chat/conversation.ts';
import type { Part } from '#chat/part.ts';
import { m } from '../paraglide/messages.js';
import { api, type ApiError } from './api.ts';
import { day } from './figures.ts';
import { Markdown } from './markdown/Markdown.tsx';
import { textOf, textsOf } from './message-text.ts';
import { Cited, Sources } from './Sources.tsx';

interface Shared {
  readonly title: string;
  readonly createdAtMs: number;
  readonly messages: readonly Pick<Message, 'id' | 'role' | 'parts'>[];
}

function SharedAnswer({ parts }: { readonly parts: readonly Part[] }) {
  const sources = useMemo(() => parts.filter((part) => part.type === 'source'), [parts]);
  return (
    <>
      <Cited parts={parts} sources={sources}>
        <Markdown texts={textsOf(parts)} loadImages={false} />
      </Cited>
      {sources.length > 0 && <Sources sources={sources} />}
    </>
  );
}

/** What a link leads to, for anybody. */
export function SharedPage({ token }: { readonly token: string }) {
  const [shared, setShared] = useState<Shared>();
  const [failure, setFailure] = useState<ApiError>();
  useEffect(() => {
    api<Shared>('GET', `/shared/${encodeURIComponent(token)}`).then(setShared, setFailure);
  }, [token]);
  if (failure)
    return (
      <main className="welcome welcome-alone">
        <span className="wordmark">Breakeven</span>
        <h2>{failure.status === 404 ? m.chat_shared_gone() : m.chat_unreachable()}</h2>
      </main>
    );
  return (
    <main className="shared" aria-busy={!shared}>
      <header>
        <a className="wordmark" href="/">
          Breakeven
        </a>
        {shared && (
          <>
            <h1>{shared.title}</h1>
            <p className="hint">{m.chat_shared_on({ day: day(shared.createdAtMs) })}</p>
          </>
        )}
      </header>
      {shared?.messages.map(({ id, role, parts }) => (
        <article key={id} className={role === 'user' ? 'message question' : 'message answer'}>
          {role === 'user' ? (
            <div className="question-text">{textOf(parts)}</div>
          ) : (
            <SharedAnswer parts={parts} />
          )}
        </article>
      ))}
    </main>
  );
}
