import { createContext, memo, useContext, useEffect, useRef, useState } from 'react';
import type { Block } from './blocks.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { Drawn } from './Drawn.tsx';
import { Groups } from './groups.ts';
import { InSight, useInSight } from './in-sight.ts';
import { LoadImages } from './RemoteImage.tsx';
import { lengthOf, useBlocks } from './use-blocks.ts';

/** So many blocks are a section: laid out, or left out of sight, together. */
const BLOCKS = 16;
/** So many sections are a chapter, which is gone through only where something in it has changed. */
const SECTIONS = 8;
/** What a block out of sight is taken to be high, until it has been seen. */
const BLOCK_REM = 3.6;
/** How high a text is taken to be before it has been read: a line has 72 characters and is 1.6 rem high. */
const CHARS_PER_REM = 45;

/** Called when a text is in the page from its beginning to its end. */
export const OnWhole = createContext<() => void>(() => undefined);

/** A text of so many sections is drawn at once. */
const FEW = 2;
/** Between one section of a long text that comes into the page and the next: a frame, to lay it out. */
const FRAME_MS = 16;

/**
 * A text of a model, in one string or several. While it grows, only its last block is read and drawn
 * again; one that is long already is read and comes into the page by parts, from its end on.
 */
export function Markdown({
  texts,
  isGrowing = false,
  loadImages,
}: {
  readonly texts: readonly string[];
  readonly isGrowing?: boolean;
  readonly loadImages: boolean;
}) {
  const blocks = useBlocks(texts);
  return (
    <LoadImages value={loadImages}>
      {blocks ? (
        <Sections blocks={blocks} isGrowing={isGrowing} />
      ) : (
        <div
          className="prose"
          aria-busy="true"
          style={{ blockSize: `${Math.ceil(lengthOf(texts) / CHARS_PER_REM)}rem` }}
        />
      )}
    </LoadImages>
  );
}

function Sections({
  blocks,
  isGrowing,
}: {
  readonly blocks: readonly Block[];
  readonly isGrowing: boolean;
}) {
  const [groups] = useState(() => new Groups<Block>(BLOCKS));
  const [chapters] = useState(() => new Groups<readonly Block[]>(SECTIONS));
  const sections = groups.of(blocks);
  const [from, setFrom] = useState(isGrowing || sections.length <= FEW ? 0 : sections.length);
  const onWhole = useContext(OnWhole);
  useEffect(() => {
    if (from <= 0) return onWhole();
    const timer = setTimeout(() => setFrom(from - 1), FRAME_MS);
    return () => clearTimeout(timer);
  }, [from, onWhole]);
  return (
    <div className="prose" aria-busy={from > 0 || undefined}>
      {chapters.of(sections).map((chapter, at, all) => (
        <Chapter
          key={at}
          sections={chapter}
          from={Math.min(Math.max(0, from - at * SECTIONS), SECTIONS)}
          isFirst={at === 0}
          hasTop={at === 0 && from < sections.length - 1}
          isGrowing={isGrowing && at === all.length - 1}
        />
      ))}
    </div>
  );
}

const Chapter = memo(function Chapter({
  sections,
  from,
  isFirst,
  hasTop,
  isGrowing,
}: {
  readonly sections: readonly (readonly Block[])[];
  /** The first section that is to be in the page. */
  readonly from: number;
  readonly isFirst: boolean;
  /** The text's first section is in the page already, for whoever reads from there. */
  readonly hasTop: boolean;
  readonly isGrowing: boolean;
}) {
  return sections.map((blocks, at) => {
    const isVeryFirst = isFirst && at === 0;
    return (
      <Section
        key={at}
        blocks={blocks}
        isIn={at >= from || (hasTop && at === 0)}
        isGrowing={isGrowing && at === sections.length - 1 && !isVeryFirst}
      />
    );
  });
});

const Section = memo(function Section({
  blocks,
  isIn,
  isGrowing,
}: {
  readonly blocks: readonly Block[];
  /** Until then it is a place as high as it is taken to be. */
  readonly isIn: boolean;
  /** Out of sight it is as high as when it is whole: a new height for each block lays out the page anew. */
  readonly isGrowing: boolean;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const height = `${((isGrowing ? BLOCKS : blocks.length) * BLOCK_REM).toFixed(1)}rem`;
  return (
    <div
      ref={ref}
      className="prose-section"
      style={{
        containIntrinsicBlockSize: `auto ${height}`,
        ...(!isIn && { blockSize: height }),
      }}
    >
      <InSight value={useInSight(ref)}>
        {isIn && blocks.map((block) => <BlockView key={block.at} block={block} />)}
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
