/** The time, passed in so that a simulation or a test can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. May step backwards, as wall clocks do. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
