import { useEffect, useState } from 'react';
import { m } from '../../paraglide/messages.js';
import { CopyButton } from '../CopyButton.tsx';
import { type CodeLines, highlighted } from './highlight.ts';

/** A program, coloured once it is whole. */
export function CodeBlock({
  code,
  language,
  isOpen,
}: {
  readonly code: string;
  readonly language: string;
  readonly isOpen: boolean;
}) {
  const [lines, setLines] = useState<CodeLines>();
  useEffect(() => {
    if (isOpen || language === '') return;
    let isCurrent = true;
    highlighted(code, language)
      .then((found) => isCurrent && setLines(found))
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [code, language, isOpen]);
  return (
    <figure className="block code-block">
      <figcaption>
        <span>{language || m.chat_code()}</span>
        <CopyButton text={() => code} label={m.chat_copy_code()} />
      </figcaption>
      <pre tabIndex={0}>
        <code>
          {lines
            ? lines.map((line, at) => (
                <span className="line" key={at}>
                  {line.map((token, k) =>
                    token.color === 'var(--code-plain)' ? (
                      token.content
                    ) : (
                      <span key={k} style={{ color: token.color }}>
                        {token.content}
                      </span>
                    ),
                  )}
                  {'\n'}
                </span>
              ))
            : code}
        </code>
      </pre>
    </figure>
  );
}
