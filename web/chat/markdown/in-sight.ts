import { createContext, type RefObject, useLayoutEffect, useState } from 'react';

/** Resolves once the section around a block has been in sight, or near it. */
export const InSight = createContext<Promise<void>>(Promise.resolve());

/**
 * For an element with `content-visibility: auto`: what need not be there before anybody sees it can wait
 * for this. A browser that does not say what it leaves out is taken to show everything.
 */
export function useInSight(ref: RefObject<HTMLElement | null>): Promise<void> {
  const [seen] = useState(awaited);
  useLayoutEffect(() => {
    const node = ref.current;
    if (!node || !('oncontentvisibilityautostatechange' in node)) {
      seen.resolve();
      return;
    }
    const look = (event: Event): void => {
      if ((event as ContentVisibilityAutoStateChangeEvent).skipped) return;
      seen.resolve();
      node.removeEventListener('contentvisibilityautostatechange', look);
    };
    node.addEventListener('contentvisibilityautostatechange', look);
    return () => node.removeEventListener('contentvisibilityautostatechange', look);
  }, [ref, seen]);
  return seen.promise;
}

function awaited(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
