import type { Clock } from '#base/clock.ts';
import { CircuitBreaker, type BreakerSettings } from './circuit-breaker.ts';
import type { ModelRoute } from './model-directory.ts';

/** The circuit breakers of all routes, by their ids. */
export class RouteHealth {
  readonly #clock: Clock;
  readonly #settings: BreakerSettings;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(clock: Clock, settings: BreakerSettings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  of(route: ModelRoute): CircuitBreaker {
    let breaker = this.#breakers.get(route.id);
    if (breaker === undefined) {
      breaker = new CircuitBreaker(this.#settings);
      this.#breakers.set(route.id, breaker);
    }
    return breaker;
  }

  isAvailable(route: ModelRoute): boolean {
    return this.#breakers.get(route.id)?.isAvailable(this.#clock.nowMs()) ?? true;
  }

  isAnyAvailable(routes: readonly ModelRoute[]): boolean {
    for (const route of routes) if (this.isAvailable(route)) return true;
    return false;
  }

  /** The state of every route that was ever called, for metrics. */
  states(): ReadonlyMap<string, 'closed' | 'open' | 'half-open'> {
    const nowMs = this.#clock.nowMs();
    return new Map([...this.#breakers].map(([id, breaker]) => [id, breaker.state(nowMs)]));
  }
}
