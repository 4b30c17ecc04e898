import type { Session } from '../../src/http/shapes/session.ts';
import { api } from '../chat/api.ts';
import { forgetAnswers, type Remote, useRemote } from './remote.ts';

export function useSession(): Remote<Session> {
  return useRemote<Session>('/session');
}

/** Ends the session and starts over at the sign-in page, with nothing kept in memory. */
export async function signOut(): Promise<void> {
  await api('POST', '/sign-out');
  location.assign('/sign-in');
}

/** Loads the application anew as who has just signed in: nothing of another person stays. */
export function enter(address: string): void {
  forgetAnswers();
  location.assign(address);
}
