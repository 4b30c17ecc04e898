/** What the bench measures: something that takes chat completions and passes them to the upstream. */
export interface Target {
  readonly name: string;
  /** Origin that the load goes to. */
  readonly url: string;
  readonly path: string;
  readonly model: string;
  /** Sets of headers that requests take in turn. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  /** Root processes whose CPU and memory count, with all their descendants. */
  pids(): readonly number[];
  /**
   * Proof after each run that the target did its work: an audit, and one booked event for each of the
   * requests that the upstream served meanwhile. Empty if it keeps no books.
   */
  check(served: number): Promise<readonly TargetCheck[]>;
  close(): Promise<void>;
}

export interface TargetCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface TargetOptions {
  /** Origin of the mock upstream. */
  readonly upstreamUrl: string;
  /** An empty folder on the disk that is measured. */
  readonly directory: string;
}

export type StartTarget = (options: TargetOptions) => Promise<Target>;
