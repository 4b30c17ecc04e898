import { memo, useRef, useState } from 'react';
import { type Block, GrowingBlocks } from './blocks.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { Drawn } from './Drawn.tsx';
import { Groups } from './groups.ts';
import { InSight, useInSight } from './in-sight.ts';
import { LoadImages } from './RemoteImage.tsx';

/** So many blocks are a section: laid out, or left out of sight, together. */
const BLOCKS = 16;
/** So many sections are a chapter, which is gone through only where something in it has changed. */
const SECTIONS = 8;
/** What a block out of sight is taken to be high, until it has been seen. */
const BLOCK_REM = 3.6;

/** A text of a model, in one string or several. While it grows, only its last block is read and drawn again. */
export function Markdown({
  texts,
  isGrowing = false,
  loadImages,
}: {
  readonly texts: readonly string[];
  readonly isGrowing?: boolean;
  readonly loadImages: boolean;
}) {
  const [growing] = useState(() => new GrowingBlocks());
  const [sections] = useState(() => new Groups<Block>(BLOCKS));
  const [chapters] = useState(() => new Groups<readonly Block[]>(SECTIONS));
  return (
    <LoadImages value={loadImages}>
      <div className="prose">
        {chapters.of(sections.of(growing.of(texts))).map((chapter, at, all) => (
          <Chapter
            key={at}
            sections={chapter}
            isFirst={at === 0}
            isGrowing={isGrowing && at === all.length - 1}
          />
        ))}
      </div>
    </LoadImages>
  );
}

const Chapter = memo(function Chapter({
  sections,
  isFirst,
  isGrowing,
}: {
  readonly sections: readonly (readonly Block[])[];
  readonly isFirst: boolean;
  readonly isGrowing: boolean;
}) {
  return sections.map((blocks, at) => (
    <Section
      key={at}
      blocks={blocks}
      isGrowing={isGrowing && at === sections.length - 1 && !(isFirst && at === 0)}
    />
  ));
});

const Section = memo(function Section({
  blocks,
  isGrowing,
}: {
  readonly blocks: readonly Block[];
  /** Out of sight it is as high as when it is whole: a new height for each block lays out the page anew. */
  readonly isGrowing: boolean;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const expected = isGrowing ? BLOCKS : blocks.length;
  return (
    <div
      ref={ref}
      className="prose-section"
      style={{ containIntrinsicBlockSize: `auto ${(expected * BLOCK_REM).toFixed(1)}rem` }}
    >
      <InSight value={useInSight(ref)}>
        {blocks.map((block) => (
          <BlockView key={block.at} block={block} />
        ))}
      </InSight>
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
