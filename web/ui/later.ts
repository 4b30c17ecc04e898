import { useSyncExternalStore } from 'react';

/** A part of the page whose code comes after the page. */
export interface Later<Part> {
  /** Begins to load it; later calls do nothing. */
  readonly load: () => void;
  /** The part; `undefined` until it is there. */
  readonly usePart: () => Part | undefined;
}

/**
 * Code that is loaded once, when it is first wanted. Once it is there it is drawn at once: `lazy` always
 * shows its fallback for an instant, and React then holds the part back for another 300 ms.
 */
export function later<Part>(bring: () => Promise<Part>): Later<Part> {
  let part: Part | undefined;
  let isLoading = false;
  const listeners = new Set<() => void>();
  const load = (): void => {
    if (isLoading) return;
    isLoading = true;
    bring().then(
      (brought) => {
        part = brought;
        for (const listener of listeners) listener();
      },
      () => {
        // A network that was away: it is tried again when it is wanted again.
        isLoading = false;
      },
    );
  };
  const subscribe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { load, usePart: () => useSyncExternalStore(subscribe, () => part) };
}
