/** One way of loading a target. */
export interface BenchCase {
  readonly name: string;
  readonly connections: number;
  readonly bodyBytes: number;
  readonly stream: boolean;
  /** The upstream's time before its answer, or before a stream's first event. */
  readonly delayMs: number;
  /** The upstream's time between the events of a stream; 0 for as fast as can be. */
  readonly gapMs: number;
  /** Where a shorter run would hold too few answers. */
  readonly secondsMin: number;
  /** Where so little comes that compilers need longer to see enough of it. */
  readonly warmupSecondsMin: number;
}

const KB = 1024;
const CONNECTIONS = [1, 32, 256] as const;
const BODIES = [1 * KB, 4 * KB, 100 * KB] as const;
/** Nothing over what the run itself asks for. */
const AS_ASKED = { secondsMin: 0, warmupSecondsMin: 0 };
/** Of streams that last seconds each. */
const LONGER = { secondsMin: 10, warmupSecondsMin: 20 };

function json(delayMs: number, connections: number, bodyBytes: number): BenchCase {
  const name = `json ${delayMs} ms, ${connections} conn, ${bodyBytes / KB} KB`;
  return { name, connections, bodyBytes, stream: false, delayMs, gapMs: 0, ...AS_ASKED };
}

function stream(connections: number, gapMs: number, delayMs: number): BenchCase {
  const pace = gapMs === 0 ? 'full speed' : `${gapMs} ms gaps, first after ${delayMs} ms`;
  const name = `stream ${pace}, ${connections} conn, 4 KB`;
  const lengths = gapMs === 0 ? AS_ASKED : LONGER;
  return { name, connections, bodyBytes: 4 * KB, stream: true, delayMs, gapMs, ...lengths };
}

/** The cases that the bars are set on. */
export const SATURATED = json(0, 256, 4 * KB);
export const PACED = json(50, 32, 4 * KB);
export const LIVE = stream(256, 20, 20);
/** The same from a model that needs no time for its first token: the harder first byte. */
export const LIVE_AT_ONCE = stream(256, 20, 0);

export const QUICK_CASES: readonly BenchCase[] = [SATURATED, PACED, stream(32, 0, 0), LIVE];

/** Every combination that is reported. */
export const ALL_CASES: readonly BenchCase[] = [
  ...CONNECTIONS.flatMap((connections) => BODIES.map((body) => json(0, connections, body))),
  ...CONNECTIONS.flatMap((connections) => BODIES.map((body) => json(50, connections, body))),
  ...CONNECTIONS.map((connections) => stream(connections, 0, 0)),
  LIVE,
  LIVE_AT_ONCE,
];
