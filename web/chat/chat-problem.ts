import { m } from '../paraglide/messages.js';
import { ApiError } from './api.ts';

/**
 * What went wrong with something that was done in the chat, and what to do. The words of what seldom happens
 * come when it happens, so that the first page does not carry them.
 */
export async function chatProblem(error: unknown): Promise<string> {
  if (error instanceof ApiError && error.code === 'offline') return m.chat_error_offline();
  return import('./rare-problem.ts').then(
    ({ rareProblem }) => rareProblem(error),
    () => m.chat_error_offline(),
  );
}
