/**
 * The kernel: four pure operations over a mutable account state, the same for live traffic, bulk
 * import and replay. Each advances the account's time to `max(atMs, last seen)` and, where it
 * records something, its sequence number. What changes an account besides requests is in `funding.ts`.
 */
export { decide } from './decide.ts';
export { extend } from './extend.ts';
export { liveStretch } from './live-stretch.ts';
export { settle, voidHold } from './settle.ts';
export { type Scopes, scopesOf } from './counters.ts';
