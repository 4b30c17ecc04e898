import { memo, startTransition, use, useEffect, useState } from 'react';
import { m } from '../../paraglide/messages.js';
import { CopyButton } from '../CopyButton.tsx';
import { type CodeLines, type CodeToken, highlighted } from './highlight.ts';
import { InSight } from './in-sight.ts';

/** A program, coloured once it is whole and in sight. */
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
  const inSight = use(InSight);
  const whole = isOpen ? '' : code;
  useEffect(() => {
    if (whole === '' || language === '') return;
    let isCurrent = true;
    inSight
      .then(() => (isCurrent ? highlighted(whole, language) : undefined))
      .then((found) => {
        // Thousands of coloured words may wait for keys and for what is still coming.
        if (isCurrent) startTransition(() => setLines(found));
      })
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [whole, language, inSight]);
  return (
    <figure className="block code-block">
      <figcaption>
        <span>{language || m.chat_code()}</span>
        <CopyButton text={() => code} label={m.chat_copy_code()} />
      </figcaption>
      <pre tabIndex={0}>
        <code>
          {lines
            ? lines.map((line, at) => <Line key={at} line={line} />)
            : partsOf(code).map((part, at) => <Part key={at} text={part} />)}
        </code>
      </pre>
    </figure>
  );
}

const Line = memo(function Line({ line }: { readonly line: readonly CodeToken[] }) {
  return (
    <span className="line">
      {line.map((token, at) =>
        token.color === 'var(--code-plain)' ? (
          token.content
        ) : (
          <span key={at} style={{ color: token.color }}>
            {token.content}
          </span>
        ),
      )}
      {'\n'}
    </span>
  );
});

/** So many lines are laid out together; when a line is added, no other part is. */
const LINES = 24;

function partsOf(code: string): readonly string[] {
  const lines = code.split('\n');
  const parts: string[] = [];
  for (let at = 0; at < lines.length; at += LINES)
    parts.push(lines.slice(at, at + LINES).join('\n'));
  return parts;
}

const Part = memo(function Part({ text }: { readonly text: string }) {
  // A line that ends its part is seen only if something follows it.
  return (
    <span className="code-part">{text === '' || text.endsWith('\n') ? `${text}\n` : text}</span>
  );
});
