import type { Summary } from './samples.ts';

/** What the load generator is told, as JSON in its first argument. */
export interface LoadOptions {
  /** Origin of the target. */
  readonly url: string;
  readonly path: string;
  readonly model: string;
  readonly connections: number;
  readonly bodyBytes: number;
  readonly stream: boolean;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** A JSON file with sets of headers (an array of objects) that requests take in turn. */
  readonly headersFile?: string;
  /** A file with the bytes of the expected answer, where they are not the upstream's own. */
  readonly expectFile?: string;
}

/** What it found while it measured. */
export interface LoadResult {
  readonly requests: number;
  /** Pieces in which bodies arrived. */
  readonly chunks: number;
  readonly seconds: number;
  /** Answers other than 200, and broken connections; warm-up included. */
  readonly failures: number;
  /** Answers with other bytes than expected; warm-up included. */
  readonly mismatches: number;
  readonly firstProblem: string | null;
  readonly latencyMs: Summary;
  readonly firstByteMs: Summary;
  /** Between two pieces of one answer. */
  readonly gapMs: Summary;
}
