import type { LabProgress } from './lab-request.ts';

/** Sooner nothing can be said: the first parts of a step are seldom like the rest. */
const TOLD_AFTER_MS = 1500;

/** How long the step that is going on still takes, if its rest goes as what is done of it went. */
export class TimeLeft {
  #step = '';
  #startedMs = 0;
  #doneFirst = 0;

  /** @returns whole seconds, at least 1; `undefined` where too little is done to tell */
  secondsOf({ text, done, of }: LabProgress, nowMs: number): number | undefined {
    const step = `${text} of ${of}`;
    if (step !== this.#step) {
      this.#step = step;
      this.#startedMs = nowMs;
      this.#doneFirst = done;
    }
    const tookMs = nowMs - this.#startedMs;
    const part = done - this.#doneFirst;
    if (of <= 1 || part <= 0 || tookMs < TOLD_AFTER_MS) return undefined;
    return Math.max(1, Math.round(((of - done) * tookMs) / part / 1000));
  }
}
