import { memo, useState } from 'react';
import { type Block, GrowingBlocks } from './blocks.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { Drawn } from './Drawn.tsx';
import { LoadImages } from './RemoteImage.tsx';
import { Sections } from './sections.ts';

/** What a block out of sight is taken to be high, until it has been seen. */
const BLOCK_REM = 3.6;

/** A text of a model. While it grows, only its last block is read and drawn again. */
export function Markdown({
  text,
  loadImages,
}: {
  readonly text: string;
  readonly loadImages: boolean;
}) {
  const [growing] = useState(() => new GrowingBlocks());
  const [sections] = useState(() => new Sections());
  return (
    <LoadImages value={loadImages}>
      <div className="prose">
        {sections.of(growing.of(text)).map((blocks) => (
          <Section key={blocks[0]?.at} blocks={blocks} />
        ))}
      </div>
    </LoadImages>
  );
}

const Section = memo(function Section({ blocks }: { readonly blocks: readonly Block[] }) {
  return (
    <div
      className="prose-section"
      style={{ containIntrinsicBlockSize: `auto ${(blocks.length * BLOCK_REM).toFixed(1)}rem` }}
    >
      {blocks.map((block) => (
        <BlockView key={block.at} block={block} />
      ))}
    </div>
  );
});

const BlockView = memo(
  function BlockView({ block }: { readonly block: Block }) {
    const { token } = block;
    if (token.type === 'code')
      return (
        <CodeBlock
          code={String(token['text'])}
          language={String(token['lang'] ?? '')}
          isOpen={block.isOpen}
        />
      );
    return (
      <div className={`block block-${token.type}`}>
        <Drawn tokens={[token]} />
      </div>
    );
  },
  (a, b) => a.block.raw === b.block.raw && a.block.isOpen === b.block.isOpen,
);
