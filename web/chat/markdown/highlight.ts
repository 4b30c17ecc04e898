/** A piece of a program in one colour. */
export interface CodeToken {
  readonly content: string;
  /** A style's value: a variable of the theme. */
  readonly color: string;
}

export type CodeLines = readonly (readonly CodeToken[])[];

export interface HighlightRequest {
  readonly id: number;
  readonly code: string;
  readonly language: string;
}

export interface HighlightAnswer {
  readonly id: number;
  /** `undefined` where the language is not known, or the code is too long to be coloured. */
  readonly lines: CodeLines | undefined;
}

let worker: Worker | undefined;
let asked = 0;
const waiting = new Map<number, (lines: CodeLines | undefined) => void>();

/** The coloured lines of a program, made beside the page; `undefined` where it stays plain. */
export function highlighted(code: string, language: string): Promise<CodeLines | undefined> {
  worker ??= startWorker();
  const id = ++asked;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  worker.postMessage({ id, code, language } satisfies HighlightRequest);
  return new Promise((resolve) => {
    waiting.set(id, resolve);
  });
}

function startWorker(): Worker {
  const started = new Worker(new URL('./highlight.worker.ts', import.meta.url), { type: 'module' });
  started.addEventListener('message', ({ data }: MessageEvent<HighlightAnswer>) => {
    waiting.get(data.id)?.(data.lines);
    waiting.delete(data.id);
  });
  return started;
}
