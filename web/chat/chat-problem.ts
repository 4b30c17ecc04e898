import { m } from '../paraglide/messages.js';
import { ApiError } from './api.ts';

/**
 * What went wrong with something that was done in the chat, and what to do. The words of what seldom happens
 * come when it happens, so that the first page does not carry them.
 */
export async function chatProblem(error: unknown): Promise<string> {
  const { code = '', status = 0 } = error instanceof ApiError ? error : {};
  if (code === 'offline') return m.chat_error_offline();
  if (code === 'no_subscription') return m.chat_limit_subscription();
  if (status >= 500) return m.chat_error_server();
  return import('../ui/problem-words.ts').then(
    ({ problemOf }) => problemOf(error) ?? '',
    () => m.chat_error_offline(),
  );
}
