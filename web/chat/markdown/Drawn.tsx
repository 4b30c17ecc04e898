import type { Token, Tokens } from 'marked';
import { createElement, memo, type ReactNode, useEffect, useRef } from 'react';
import { RemoteImage } from './RemoteImage.tsx';
import { typeset } from './typeset.ts';

/**
 * What a model wrote, as elements. No string of it is ever read as HTML: of each kind of token there is
 * one kind of element here, and nothing else. So an answer can run nothing and load nothing, and while it
 * grows only what is new is added to the page; what the reader has selected stays selected.
 */
export function Drawn({ tokens }: { readonly tokens: readonly Token[] }): ReactNode {
  return tokens.map((token, at) => <One key={at} token={token} />);
}

function One({ token }: { readonly token: Token }): ReactNode {
  const within = 'tokens' in token ? token.tokens : undefined;
  const inner = (): ReactNode => <Drawn tokens={within ?? []} />;
  switch (token.type) {
    case 'text':
      return within ? inner() : plain(String(token['text']));
    case 'escape':
    case 'html':
      return String(token['text']);
    case 'paragraph':
      return <p>{inner()}</p>;
    case 'heading':
      return createElement(`h${String(token['depth'])}`, null, inner());
    case 'strong':
      return <strong>{inner()}</strong>;
    case 'em':
      return <em>{inner()}</em>;
    case 'del':
      return <del>{inner()}</del>;
    case 'codespan':
      return <code>{String(token['text'])}</code>;
    case 'br':
      return <br />;
    case 'hr':
      return <hr />;
    case 'blockquote':
      return <blockquote>{inner()}</blockquote>;
    case 'code':
      return (
        <pre>
          <code>{String(token['text'])}</code>
        </pre>
      );
    case 'link':
      return <Address token={token as Tokens.Link}>{inner()}</Address>;
    case 'image':
      return <RemoteImage src={String(token['href'])} alt={String(token['text'])} />;
    case 'list':
      return <List token={token as Tokens.List} />;
    case 'table':
      return <Table token={token as Tokens.Table} />;
    case 'checkbox':
      return <Task isDone={token['checked'] === true} />;
    case 'mathInline':
    case 'mathBlock':
      return (
        <Formula
          key={String(token['text'])}
          formula={String(token['text'])}
          isDisplayed={token.type === 'mathBlock'}
        />
      );
    default:
      return null;
  }
}

/** A text with the characters that its entities name. */
function plain(text: string): string {
  if (!/&(?:#\d+|#x[\da-f]+|\w+);/i.test(text) || typeof document === 'undefined') return text;
  // The content of a text area is text, whatever it looks like.
  const area = document.createElement('textarea');
  area.innerHTML = text.replaceAll('<', '&lt;');
  return area.value;
}

/** Addresses that may be followed; others leave their words and lead nowhere. */
const FOLLOWED = /^(?:https?:|mailto:|#)/i;

function Address({
  token,
  children,
}: {
  readonly token: Tokens.Link;
  readonly children: ReactNode;
}) {
  if (!FOLLOWED.test(token.href)) return children;
  return (
    <a
      href={token.href}
      {...(token.title && { title: token.title })}
      target="_blank"
      rel="noopener noreferrer nofollow"
    >
      {children}
    </a>
  );
}

function List({ token }: { readonly token: Tokens.List }) {
  const items = token.items.map((item, at) => <Item key={at} item={item} />);
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

const Item = memo(
  function Item({ item }: { readonly item: Tokens.ListItem }) {
    return (
      <li>
        <Drawn tokens={item.tokens} />
      </li>
    );
  },
  (a, b) => a.item.raw === b.item.raw && a.item.loose === b.item.loose,
);

function Task({ isDone }: { readonly isDone: boolean }) {
  return (
    <span className="task" role="img" aria-label={isDone ? '✓' : '○'}>
      {isDone ? '☑ ' : '☐ '}
    </span>
  );
}

function Table({ token }: { readonly token: Tokens.Table }) {
  return (
    <table>
      <thead>
        <Row cells={token.header} />
      </thead>
      {token.rows.length > 0 && (
        <tbody>
          {token.rows.map((cells, at) => (
            <Row key={at} cells={cells} />
          ))}
        </tbody>
      )}
    </table>
  );
}

const Row = memo(
  function Row({ cells }: { readonly cells: readonly Tokens.TableCell[] }) {
    return (
      <tr>
        {cells.map(({ header, align, tokens }, at) =>
          createElement(
            header ? 'th' : 'td',
            { key: at, ...(align && { align }) },
            <Drawn tokens={tokens} />,
          ),
        )}
      </tr>
    );
  },
  (a, b) =>
    a.cells.length === b.cells.length &&
    a.cells.every(
      ({ text, align }, at) => text === b.cells[at]?.text && align === b.cells[at].align,
    ),
);

function Formula(props: { readonly formula: string; readonly isDisplayed: boolean }) {
  const { formula, isDisplayed } = props;
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (ref.current) void typeset(ref.current, { formula, isDisplayed });
  }, [formula, isDisplayed]);
  return createElement(
    isDisplayed ? 'div' : 'span',
    { ref, className: 'math', 'data-display': isDisplayed, 'data-formula': formula },
    formula,
  );
}
