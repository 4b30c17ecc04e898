import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { type Block, GrowingBlocks, htmlOf } from './blocks.ts';
import { clean } from './clean.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { typeset } from './typeset.ts';

/** A text of a model. While it grows, only its last block is read and drawn again. */
export function Markdown({
  text,
  loadImages,
}: {
  readonly text: string;
  readonly loadImages: boolean;
}) {
  const [growing] = useState(() => new GrowingBlocks());
  const blocks = growing.of(text);
  return (
    <div className="prose">
      {blocks.map((block) => (
        <BlockView key={block.at} block={block} loadImages={loadImages} />
      ))}
    </div>
  );
}

const BlockView = memo(
  function BlockView({ block, loadImages }: { block: Block; loadImages: boolean }) {
    const { token } = block;
    if (token.type === 'code')
      return (
        <CodeBlock
          code={String(token['text'])}
          language={String(token['lang'] ?? '')}
          isOpen={block.isOpen}
        />
      );
    return <HtmlBlock block={block} loadImages={loadImages} />;
  },
  (a, b) =>
    a.block.raw === b.block.raw &&
    a.block.isOpen === b.block.isOpen &&
    a.loadImages === b.loadImages,
);

function HtmlBlock({ block, loadImages }: { block: Block; loadImages: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  const html = useMemo(() => ({ __html: clean(htmlOf(block.token)) }), [block.token]);
  useEffect(() => {
    const root = ref.current;
    if (!root) return;
    if (root.querySelector('.math')) void typeset(root);
    if (loadImages) for (const button of root.querySelectorAll('.remote-image')) load(button);
  }, [html, loadImages]);
  return (
    <div
      ref={ref}
      className={`block block-${block.token.type}`}
      // Cleaned above: no tag or attribute that could run or load anything is left.
      dangerouslySetInnerHTML={html}
      onClick={(event) => {
        const button = (event.target as Element).closest('.remote-image');
        if (button) load(button);
      }}
    />
  );
}

/** Puts the picture in the place of its button: the reader has agreed. */
function load(button: Element): void {
  const src = button.getAttribute('data-src') ?? '';
  if (!/^https:\/\//i.test(src)) return;
  const image = document.createElement('img');
  // Through our own server: the picture's learns of a reader, and not of which.
  image.src = `/api/chat/picture?url=${encodeURIComponent(src)}`;
  image.alt = button.textContent ?? '';
  image.loading = 'lazy';
  button.replaceWith(image);
}
