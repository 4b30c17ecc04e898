import { type ReactNode, useEffect, useReducer, useRef } from 'react';
import type { Part, Source } from '#chat/part.ts';
import { m } from '../paraglide/messages.js';
import { linkCitations } from './citations.ts';
import { OnWhole } from './markdown/Markdown.tsx';

/** An answer whose marks lead to its sources, once it has ended. */
export function Cited({
  parts,
  sources,
  children,
}: {
  readonly parts: readonly Part[];
  readonly sources: readonly Source[];
  readonly children: ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  // A long text comes by parts.
  const [wholes, count] = useReducer((before: number) => before + 1, 0);
  useEffect(() => {
    if (ref.current && sources.length > 0) linkCitations(ref.current, sources);
  }, [parts, sources, wholes]);
  return (
    <OnWhole value={count}>
      <div ref={ref}>{children}</div>
    </OnWhole>
  );
}

/** What an answer leans on, numbered. */
export function Sources({ sources }: { readonly sources: readonly Source[] }) {
  return (
    <section className="sources" aria-label={m.chat_sources()}>
      <ol>
        {sources.map(({ index, url, title }) => (
          <li key={index} value={index}>
            <a
              href={/^https?:/i.test(url) ? url : undefined}
              target="_blank"
              rel="noopener noreferrer nofollow"
            >
              <span className="source-title">{title}</span>{' '}
              <span className="source-host">{hostOf(url)}</span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, '') : '';
}
