import { useEffect, useState, type ReactNode } from 'react';
import type { SearchHit } from '#chat/chat-desk.ts';
import type { Conversation } from '#chat/conversation.ts';
import { m } from '../paraglide/messages.js';
import { api } from './api.ts';
import { Icon } from './icons.tsx';
import { go } from './place.ts';

interface SidebarProps {
  readonly conversations: readonly Conversation[];
  readonly current: string | undefined;
  readonly onNew: () => void;
  readonly onMore: (() => void) | undefined;
  readonly onChosen: () => void;
  readonly children: ReactNode;
}

const SEARCH_AFTER_MS = 150;

/** Conversations by day, and the way to find one. */
export function Sidebar({
  conversations,
  current,
  onNew,
  onMore,
  onChosen,
  children,
}: SidebarProps) {
  const [query, setQuery] = useState('');
  const [hits, setHits] = useState<readonly SearchHit[]>();
  useEffect(() => {
    if (query.trim() === '') {
      setHits(undefined);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api<{ hits: readonly SearchHit[] }>(
        'GET',
        `/chat/search?q=${encodeURIComponent(query)}`,
        undefined,
        abort.signal,
      )
        .then((found) => setHits(found.hits))
        .catch(() => undefined);
    }, SEARCH_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query]);
  return (
    <nav className="sidebar" aria-label={m.chat_conversations()}>
      <header className="sidebar-head">
        <a
          className="wordmark"
          href="/"
          onClick={(event) => {
            event.preventDefault();
            onNew();
          }}
        >
          Breakeven
        </a>
      </header>
      <button type="button" className="new-chat" onClick={onNew}>
        <Icon name="plus" size={17} /> {m.chat_new()}
      </button>
      <label className="sidebar-search">
        <Icon name="search" size={16} />
        <input
          type="search"
          id="chat-search"
          placeholder={m.chat_search()}
          aria-label={m.chat_search()}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && setQuery('')}
        />
      </label>
      <div className="sidebar-list">
        {hits ? (
          <Hits hits={hits} current={current} onChosen={onChosen} />
        ) : (
          <Days conversations={conversations} current={current} onChosen={onChosen} />
        )}
        {!hits && onMore && (
          <button type="button" className="quiet-button more" onClick={onMore}>
            {m.chat_more()}
          </button>
        )}
      </div>
      <footer className="sidebar-foot">{children}</footer>
    </nav>
  );
}

function Days({
  conversations,
  current,
  onChosen,
}: Pick<SidebarProps, 'conversations' | 'current' | 'onChosen'>) {
  if (conversations.length === 0) return <p className="empty">{m.chat_none()}</p>;
  const groups = new Map<string, Conversation[]>();
  for (const each of conversations) {
    const label = dayLabel(each.updatedAtMs);
    groups.set(label, [...(groups.get(label) ?? []), each]);
  }
  return [...groups].map(([label, list]) => (
    <section key={label}>
      <h2 className="sidebar-day">{label}</h2>
      <ul>
        {list.map((each) => (
          <li key={each.id}>
            <Entry conversation={each} current={current} onChosen={onChosen} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function Hits({
  hits,
  current,
  onChosen,
}: {
  readonly hits: readonly SearchHit[];
  readonly current: string | undefined;
  readonly onChosen: () => void;
}) {
  if (hits.length === 0) return <p className="empty">{m.chat_search_nothing()}</p>;
  return (
    <ul aria-label={m.chat_search_results()}>
      {hits.map(({ conversation, snippet }) => (
        <li key={conversation.id}>
          <Entry
            conversation={conversation}
            current={current}
            onChosen={onChosen}
            snippet={snippet}
          />
        </li>
      ))}
    </ul>
  );
}

function Entry({
  conversation,
  current,
  onChosen,
  snippet,
}: {
  readonly conversation: Conversation;
  readonly current: string | undefined;
  readonly onChosen: () => void;
  readonly snippet?: string;
}) {
  const href = `/c/${conversation.id}`;
  return (
    <a
      className="entry"
      href={href}
      aria-current={conversation.id === current ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        go(href);
        onChosen();
      }}
    >
      <span className="entry-title">{conversation.title}</span>
      {snippet && <span className="entry-snippet">{snippet}</span>}
    </a>
  );
}

function dayLabel(atMs: number): string {
  const nowMs = performance.timeOrigin + performance.now();
  const days = Math.floor((new Date(nowMs).setHours(24, 0, 0, 0) - atMs) / 86_400_000);
  if (days <= 0) return m.chat_today();
  if (days === 1) return m.chat_yesterday();
  return days < 7 ? m.chat_this_week() : m.chat_earlier();
}
