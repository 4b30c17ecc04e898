import { useEffect, useReducer, useRef } from 'react';
import { api, type ApiError, asApiError } from '../chat/api.ts';

/** What the server said about one address. */
export interface Remote<Data> {
  /** Of this address; while it loads, of the address before if only its query differs. */
  readonly data: Data | undefined;
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

interface Kept {
  readonly path: string;
  readonly data: unknown;
}

/** Answers last seen, so that going back shows them at once while they are asked for again. */
const answers = new Map<string, unknown>();
const ANSWERS_MAX = 60;

/**
 * Reads `/api` + `path` and reads it again where the path changes, at `everyMs`, and when the page comes
 * back into sight. `undefined` reads nothing.
 */
export function useRemote<Data>(
  path: string | undefined,
  { everyMs }: { readonly everyMs?: number } = {},
): Remote<Data> {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const [asked, ask] = useReducer((count: number) => count + 1, 0);
  const kept = useRef<Kept>(undefined);
  const failed = useRef<{ readonly path: string; readonly error: ApiError }>(undefined);
  const loading = useRef(false);

  useEffect(() => {
    if (path === undefined) return;
    const stop = new AbortController();
    loading.current = true;
    draw();
    api<Data>('GET', path, undefined, stop.signal)
      .then((data) => {
        remember(path, data);
        kept.current = { path, data };
        failed.current = undefined;
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        failed.current = { path, error: asApiError(error) };
      })
      .finally(() => {
        if (stop.signal.aborted) return;
        loading.current = false;
        draw();
      });
    return () => stop.abort();
  }, [path, asked]);

  useEffect(() => {
    if (everyMs === undefined) return;
    const again = (): void => {
      if (document.visibilityState === 'visible') ask();
    };
    const timer = setInterval(again, everyMs);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [everyMs]);

  const own = path !== undefined && kept.current?.path === path ? kept.current.data : undefined;
  const similar =
    path !== undefined && kept.current && bare(kept.current.path) === bare(path)
      ? kept.current.data
      : undefined;
  return {
    data: (own ?? (path === undefined ? undefined : answers.get(path)) ?? similar) as
      | Data
      | undefined,
    error: failed.current?.path === path ? failed.current?.error : undefined,
    isLoading: loading.current,
    reload: ask,
  };
}

/** Forgets what was seen: after a write, or when another person signs in. */
export function forgetAnswers(): void {
  answers.clear();
}

function remember(path: string, data: unknown): void {
  answers.delete(path);
  answers.set(path, data);
  const oldest = answers.keys().next().value;
  if (answers.size > ANSWERS_MAX && oldest !== undefined) answers.delete(oldest);
}

const bare = (path: string): string => path.split('?')[0] ?? path;

/** A query string of what is there. */
export function queryOf(
  fields: Readonly<Record<string, string | number | boolean | undefined | null>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text && `?${text}`;
}
