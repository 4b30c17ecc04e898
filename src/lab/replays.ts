import type { ReplaySpec } from './replay-spec.ts';

export interface ReplayOptions {
  /** Numbers of the customers to replay; all where absent. */
  readonly customers?: Uint32Array;
  readonly signal?: AbortSignal;
  readonly onProgress?: (customers: number, of: number) => void;
  /** Which worker takes the largest part: replays that run at once take turns. Default 0. */
  readonly turn?: number;
}

/** Something that replays a book: over a tape in memory, or straight from the lake. */
export interface Replays {
  /**
   * Replays, and returns a row of metrics a segment: see `METRICS`. What is asked for at once may be
   * done in one pass.
   * @throws the signal's reason
   */
  replay(spec: ReplaySpec, options?: ReplayOptions): Promise<Float64Array>;
}
