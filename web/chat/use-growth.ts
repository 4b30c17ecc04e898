import { useLayoutEffect, useReducer } from 'react';
import { flushSync } from 'react-dom';
import type { Part } from '#chat/part.ts';
import type { LiveAnswer } from './live-answer.ts';

/**
 * The parts of an answer that is being made, drawn again at once whenever they have grown; `undefined`
 * where none is. Only what calls this is drawn, and nothing is left over for another task.
 */
export function useGrowth(live: LiveAnswer | undefined): readonly Part[] | undefined {
  const [, draw] = useReducer((drawings: number) => drawings + 1, 0);
  useLayoutEffect(() => live?.onGrowth(() => flushSync(draw)), [live]);
  return live?.state().parts;
}
