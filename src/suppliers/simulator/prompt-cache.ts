import { createHash } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { SimulatedCall } from './simulated-call.ts';

/** Disjoint counts of one prompt. */
export interface PromptCounts {
  readonly uncached: number;
  readonly cached: number;
  readonly written5m: number;
  readonly written1h: number;
}

/**
 * OpenAI caches prompts of 1,024 tokens and more, in steps of 128
 * (https://platform.openai.com/docs/guides/prompt-caching).
 */
const AUTOMATIC_TOKENS_MIN = 1024;
const AUTOMATIC_STEP_TOKENS = 128;
const AUTOMATIC_TTL_SECONDS = 600;
const PREFIXES_MAX = 20_000;

interface Prefix {
  readonly digest: string;
  readonly tokens: number;
  readonly ttlSeconds: number | undefined;
}

/**
 * Remembers the prompt prefixes it has seen, per model, as vendors do: by itself on the OpenAI
 * surfaces, at marked breakpoints on Anthropic's. Prefixes expire, and the oldest go when there are
 * too many.
 */
export class PromptCache {
  readonly #clock: Clock;
  readonly #expiresMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a prompt and remembers it. */
  count(call: SimulatedCall): PromptCounts {
    const prefixes = prefixesOf(call);
    const total = prefixes.at(-1)?.tokens ?? 0;
    if (call.surface === 'embeddings') return countsOf(total, 0, 0, 0);
    return call.surface === 'messages'
      ? this.#countMarked(prefixes, total)
      : this.#countAutomatic(prefixes, total);
  }

  #countAutomatic(prefixes: readonly Prefix[], total: number): PromptCounts {
    const known = prefixes.findLast((prefix) => this.#knows(prefix.digest))?.tokens ?? 0;
    const steps = Math.floor(known / AUTOMATIC_STEP_TOKENS) * AUTOMATIC_STEP_TOKENS;
    if (total >= AUTOMATIC_TOKENS_MIN)
      for (const { digest } of prefixes) this.#remember(digest, AUTOMATIC_TTL_SECONDS);
    return countsOf(total, steps >= AUTOMATIC_TOKENS_MIN ? steps : 0, 0, 0);
  }

  #countMarked(prefixes: readonly Prefix[], total: number): PromptCounts {
    const marked = prefixes.filter((prefix) => prefix.ttlSeconds !== undefined);
    const known = marked.findLast((prefix) => this.#knows(prefix.digest));
    let reached = known?.tokens ?? 0;
    let written5m = 0;
    let written1h = 0;
    for (const prefix of marked) {
      this.#remember(prefix.digest, prefix.ttlSeconds ?? 0);
      const written = Math.max(0, prefix.tokens - reached);
      if ((prefix.ttlSeconds ?? 0) > 300) written1h += written;
      else written5m += written;
      reached += written;
    }
    return countsOf(total, known?.tokens ?? 0, written5m, written1h);
  }

  #knows(digest: string): boolean {
    return (this.#expiresMs.get(digest) ?? 0) > this.#clock.nowMs();
  }

  #remember(digest: string, ttlSeconds: number): void {
    this.#expiresMs.delete(digest);
    this.#expiresMs.set(digest, this.#clock.nowMs() + ttlSeconds * 1000);
    const oldest = this.#expiresMs.keys().next();
    if (this.#expiresMs.size > PREFIXES_MAX && !oldest.done) this.#expiresMs.delete(oldest.value);
  }
}

function countsOf(
  total: number,
  cached: number,
  written5m: number,
  written1h: number,
): PromptCounts {
  return { uncached: total - cached - written5m - written1h, cached, written5m, written1h };
}

function prefixesOf(call: SimulatedCall): Prefix[] {
  const hash = createHash('sha256').update(call.model);
  let tokens = 0;
  return call.prompt.map((part) => {
    hash.update('\0').update(part.text);
    tokens += part.tokens;
    return { digest: hash.copy().digest('base64'), tokens, ttlSeconds: part.cacheTtlSeconds };
  });
}
