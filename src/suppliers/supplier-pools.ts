import { Pool, type Dispatcher } from 'undici';
import { directConnector } from './direct-reads.ts';
import type { Supplier } from './supplier.ts';

export interface SupplierPoolOptions {
  /** Connections at most to one origin; past it requests wait for a free one. */
  readonly connectionsMax: number;
  readonly connectTimeoutMs: number;
  /** From sending a request to its answer's headers. */
  readonly headersTimeoutMs: number;
  /** Between two chunks of an answer. */
  readonly silenceTimeoutMs: number;
}

/** The clients' SDKs wait 600 s; undici's own 300 s would cut reasoning models off. */
const SUPPLIER_POOL_DEFAULTS: SupplierPoolOptions = Object.freeze({
  connectionsMax: 4_096,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 600_000,
  silenceTimeoutMs: 600_000,
});

/** An idle connection is given up before usual servers close it (5 s and more), so that few requests meet a closed one. */
const KEEP_ALIVE_MS = 4_000;

/**
 * One pool of connections for each origin. HTTP/1.1 only: there one call is one connection, which
 * closes when the call is aborted, and a paused call cannot stop its neighbours.
 */
export class SupplierPools {
  readonly #options: SupplierPoolOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: Partial<SupplierPoolOptions> = {}) {
    this.#options = { ...SUPPLIER_POOL_DEFAULTS, ...options };
  }

  /** The dispatcher of a supplier: its own, or the pool of its origin. */
  of(supplier: Supplier): Dispatcher {
    return supplier.dispatcher ?? this.#pools.get(supplier.origin) ?? this.#open(supplier.origin);
  }

  /** Connections of all pools, for metrics and for tests that look for leaks. */
  stats(): {
    readonly connected: number;
    readonly free: number;
    readonly running: number;
    readonly queued: number;
  } {
    const sum = { connected: 0, free: 0, running: 0, queued: 0 };
    for (const { stats } of this.#pools.values()) {
      sum.connected += stats.connected;
      sum.free += stats.free;
      sum.running += stats.running;
      sum.queued += stats.queued;
    }
    return sum;
  }

  /** Ends every connection; calls in flight fail. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #open(origin: string): Pool {
    const options = this.#options;
    const pool = new Pool(origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      connect: directConnector({ allowH2: false, timeout: options.connectTimeoutMs }),
      headersTimeout: options.headersTimeoutMs,
      bodyTimeout: options.silenceTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    this.#pools.set(origin, pool);
    return pool;
  }
}
