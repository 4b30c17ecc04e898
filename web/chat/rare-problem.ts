import { m } from '../paraglide/messages.js';
import { problemOf } from '../ui/problem-words.ts';
import { ApiError } from './api.ts';

/** Whatever is no lost connection: what was written is kept, which a page alone cannot say. */
export function rareProblem(error: unknown): string {
  if (error instanceof ApiError && error.status >= 500) return m.chat_error_server();
  return problemOf(error) ?? '';
}
