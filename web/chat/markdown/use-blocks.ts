import { useEffect, useReducer, useRef, useState } from 'react';
import { type Block, GrowingBlocks } from './blocks.ts';

/** Characters that are read in one task: a few milliseconds on a slow machine. */
const PIECE = 3_000;
const AT_ONCE = 2 * PIECE;

/**
 * The blocks of a text. `undefined` while much of it is still to be read, as when a conversation with a
 * long answer is opened: that is done piece by piece, so that the page answers to keys meanwhile.
 */
export function useBlocks(texts: readonly string[]): readonly Block[] | undefined {
  const [growing] = useState(() => new GrowingBlocks());
  const [, draw] = useReducer((drawings: number) => drawings + 1, 0);
  const latest = useRef(texts);
  latest.current = texts;
  const chars = lengthOf(texts);
  const isRead = chars - growing.length <= AT_ONCE;
  useEffect(() => {
    if (isRead) return;
    const pieces: string[] = [];
    let timer = 0;
    const read = (): void => {
      // More may have come meanwhile.
      const whole = latest.current.join('');
      const at = pieces.length * PIECE;
      pieces.push(whole.slice(at, at + PIECE));
      growing.of([...pieces]);
      if (at + PIECE >= whole.length) draw();
      else timer = window.setTimeout(read);
    };
    timer = window.setTimeout(read);
    return () => clearTimeout(timer);
  }, [growing, isRead]);
  return isRead ? growing.of(texts) : undefined;
}

export function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}
