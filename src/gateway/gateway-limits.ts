/** Every bound of the gateway. Nothing in it waits, buffers or repeats without one. */
export interface GatewayLimits {
  /** A larger request body is refused (413). */
  readonly bodyBytesMax: number;
  /** A larger answer that is not streamed is given up. */
  readonly answerBytesMax: number;
  /** Requests in flight at once; past it 503. */
  readonly inFlightMax: number;
  /** Bytes of request bodies in memory at once; past it 503. */
  readonly bodyBytesInFlightMax: number;
  /** Calls of suppliers for one request, the first included. */
  readonly attemptsMax: number;
  /** The longest that a supplier's `retry-after` is waited for; past it the next route or the error. */
  readonly retryAfterMsMax: number;
  /** A stream that is silent for so long gets a comment, so that nothing between us and the client cuts it. */
  readonly keepAliveMs: number;
  /** A client that takes nothing for so long is given up. */
  readonly clientStallMs: number;
  /** After a client has gone: how long to read on to the usage where that is billed anyway. */
  readonly readOnMs: number;
  /** How long an answer waits for its settlement before it goes out without its charge. */
  readonly settleWaitMs: number;
  /** Whole headers of a request must have arrived by then. */
  readonly headersTimeoutMs: number;
  /** A whole request must have arrived by then. */
  readonly requestTimeoutMs: number;
  readonly headerBytesMax: number;
  /** Consecutive failures that open a route's circuit breaker, and how long it stays open at first. */
  readonly breakerFailures: number;
  readonly breakerOpenMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = Object.freeze({
  bodyBytesMax: 50 * 1024 * 1024,
  answerBytesMax: 128 * 1024 * 1024,
  inFlightMax: 4_096,
  bodyBytesInFlightMax: 512 * 1024 * 1024,
  attemptsMax: 3,
  retryAfterMsMax: 5_000,
  keepAliveMs: 15_000,
  clientStallMs: 600_000,
  readOnMs: 60_000,
  settleWaitMs: 2_000,
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
  headerBytesMax: 32 * 1024,
  breakerFailures: 5,
  breakerOpenMs: 5_000,
});
