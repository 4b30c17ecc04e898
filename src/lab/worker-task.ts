import { parentPort } from 'node:worker_threads';
import type { WorkerAnswer } from './replay-workers.ts';

/** In a worker: does what it is sent, one thing after the other, and says when each is done. */
export function answerTasks(work: (task: never) => void | Promise<void>): void {
  const answer = async (
    before: Promise<void>,
    message: { readonly task: number },
  ): Promise<void> => {
    await before;
    let error: string | undefined;
    try {
      await work(message as never);
    } catch (cause) {
      error = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    }
    const told: WorkerAnswer = { task: message.task, error };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    parentPort?.postMessage(told);
  };
  let last = Promise.resolve();
  parentPort?.on('message', (message: { readonly task: number }) => {
    last = answer(last, message);
  });
}
