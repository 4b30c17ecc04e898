/** When a breaker opens and for how long. */
export interface BreakerSettings {
  /** Consecutive failures that open it. */
  readonly failures: number;
  /** How long it stays open at first; doubles with every failed probe. */
  readonly openMs: number;
}

/** The longest that a breaker stays open between two probes. */
const OPEN_MS_MAX = 120_000;

/**
 * Keeps requests away from a route that does not answer.
 *
 * States: closed → (so many failures in a row) open → (time is up) half open, in which one request
 * probes → closed again, or open for twice as long. Besides, a route that asks to be left alone
 * (`retry-after`) is resting until then, which is no failure.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #failures = 0;
  #openUntilMs = 0;
  #openMs: number;
  #isProbing = false;
  #restUntilMs = 0;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#openMs = settings.openMs;
  }

  state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (this.#openUntilMs === 0) return nowMs < this.#restUntilMs ? 'open' : 'closed';
    return nowMs < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** Whether a request may use the route now. */
  isAvailable(nowMs: number): boolean {
    const state = this.state(nowMs);
    return state === 'closed' || (state === 'half-open' && !this.#isProbing);
  }

  /** A request sets out on the route. In the half-open state it is the probe. */
  begin(nowMs: number): void {
    if (this.state(nowMs) === 'half-open') this.#isProbing = true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntilMs = 0;
    this.#openMs = this.#settings.openMs;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    const wasProbe = this.#isProbing;
    this.#isProbing = false;
    this.#failures += 1;
    if (wasProbe) this.#openMs = Math.min(OPEN_MS_MAX, this.#openMs * 2);
    if (wasProbe || this.#failures >= this.#settings.failures)
      this.#openUntilMs = nowMs + this.#openMs;
  }

  /** The request ended without a verdict on the route: the client left, or its own request was at fault. */
  ended(): void {
    this.#isProbing = false;
  }

  /** The route asked to be left alone. */
  rest(untilMs: number): void {
    this.#restUntilMs = Math.max(this.#restUntilMs, untilMs);
  }
}
