import { openAiDuration } from './duration.ts';
import type { ErrorFormat } from './wire-error.ts';

/** How much of one unit is left in the window that binds first. */
export interface RateWindow {
  readonly limit: number;
  /** Never below zero on the wire, whatever an overrun made of it. */
  readonly remaining: number;
  /** When the window has its whole limit again. */
  readonly resetAtMs: number;
}

/** The state of an account's rate windows, in no vendor's shape. An absent unit has no limit. */
export interface RateState {
  readonly nowMs: number;
  readonly requests?: RateWindow;
  readonly tokens?: RateWindow;
}

/**
 * The headers from which SDK users pace themselves: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`
 * with OpenAI's durations, or `anthropic-ratelimit-{requests,tokens}-{limit,remaining,reset}` with RFC 3339
 * times (platform.claude.com, "Rate limits").
 */
export function rateHeaders(state: RateState, format: ErrorFormat): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const unit of UNITS) {
    const window = state[unit];
    if (!window) continue;
    const limit = String(whole(window.limit));
    const remaining = String(whole(window.remaining));
    if (format === 'anthropic') {
      headers[`anthropic-ratelimit-${unit}-limit`] = limit;
      headers[`anthropic-ratelimit-${unit}-remaining`] = remaining;
      headers[`anthropic-ratelimit-${unit}-reset`] = new Date(
        Math.ceil(window.resetAtMs / 1000) * 1000,
      )
        .toISOString()
        .replace('.000Z', 'Z');
    } else {
      headers[`x-ratelimit-limit-${unit}`] = limit;
      headers[`x-ratelimit-remaining-${unit}`] = remaining;
      headers[`x-ratelimit-reset-${unit}`] = openAiDuration(window.resetAtMs - state.nowMs);
    }
  }
  return headers;
}

const UNITS = ['requests', 'tokens'] as const;

function whole(value: number): number {
  return Math.max(0, Math.floor(value));
}
