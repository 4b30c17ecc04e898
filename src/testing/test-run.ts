import type { ProcessIdentity } from '#db/process-identity.ts';

/** What one run of the tests shares with all its workers. */
export interface TestRun {
  /** Seconds since 1970 at its start, and its process: leads the names of its databases. */
  readonly id: string;
  /** The run's own directory for temporary files. */
  readonly directory: string;
  readonly owner: ProcessIdentity;
  /** A server to use instead of an embedded one. */
  readonly url: string | null;
  /** Leave databases and server in place for a look at them. */
  readonly keep: boolean;
}

declare module 'vitest' {
  interface ProvidedContext {
    testRun: TestRun;
  }
}
