import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { GatewayObserver } from '#gateway/gateway-log.ts';
import type { RenewalReport } from '#subscriptions/subscriptions.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What `/metrics` tells, and the observer that feeds it. */
export class Metrics implements GatewayObserver {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'breakeven_requests_total',
    help: 'Requests by surface and status class.',
    labelNames: ['surface', 'status'],
    registers: [this.#registry],
  });
  readonly #seconds = new Histogram({
    name: 'breakeven_request_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labelNames: ['surface'],
    buckets: SECONDS,
    registers: [this.#registry],
  });
  readonly #attempts = new Counter({
    name: 'breakeven_attempts_total',
    help: 'Calls of suppliers by route and outcome.',
    labelNames: ['route', 'outcome'],
    registers: [this.#registry],
  });
  readonly #settlements = new Counter({
    name: 'breakeven_settlements_total',
    help: 'Settled requests by outcome; estimated: counted from text, deferred: the store was away.',
    labelNames: ['outcome', 'estimated', 'deferred'],
    registers: [this.#registry],
  });

  readonly #renewals = new Counter({
    name: 'breakeven_renewals_total',
    help: 'Subscriptions by what the renewal job did: renewed, opened (their account was missing), failed.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });

  /** @param live figures read at the moment of a scrape */
  constructor(live: { readonly inFlight: () => number; readonly settlementBacklog: () => number }) {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, help, read] of [
      ['breakeven_in_flight', 'Requests running now.', live.inFlight],
      [
        'breakeven_settlement_backlog',
        'Ends of holds that wait for the store.',
        live.settlementBacklog,
      ],
    ] as const) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect: () => gauge.set(read()),
      });
    }
  }

  requestEnded({ surface, status, ms }: Parameters<GatewayObserver['requestEnded']>[0]): void {
    this.#requests.inc({ surface, status: `${Math.floor(status / 100)}xx` });
    this.#seconds.observe({ surface }, ms / 1000);
  }

  attemptEnded({ route, outcome }: Parameters<GatewayObserver['attemptEnded']>[0]): void {
    this.#attempts.inc({ route, outcome });
  }

  settled({ outcome, estimated, deferred }: Parameters<GatewayObserver['settled']>[0]): void {
    this.#settlements.inc({ outcome, estimated: String(estimated), deferred: String(deferred) });
  }

  renewalsEnded({ renewed, opened, failures }: RenewalReport): void {
    this.#renewals.inc({ outcome: 'renewed' }, renewed);
    this.#renewals.inc({ outcome: 'opened' }, opened);
    this.#renewals.inc({ outcome: 'failed' }, failures.length);
  }

  /** The text of a scrape. */
  async scrape(): Promise<{ contentType: string; body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
