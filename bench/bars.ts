import { LIVE, LIVE_AT_ONCE, PACED, SATURATED, type BenchCase } from './bench-case.ts';
import { mediansOf, type Measurement, type Medians } from './measurement.ts';
import { fixedMs as ms, percent, whole } from './numbers.ts';

/** A figure that the product must reach, and whether it did. */
export interface Bar {
  readonly what: string;
  readonly bar: string;
  readonly reached: string;
  readonly ok: boolean;
}

/** The rows that have a bar, where all that they need was measured. */
export function bars(all: readonly Measurement[]): Bar[] {
  const of = (target: string, benchCase: BenchCase) => mediansOf(all, target, benchCase);
  const rows: Bar[] = [];
  const ours = of('breakeven', SATURATED);
  const floor = of('floor', SATURATED);
  const peer = of('peer', SATURATED);
  if (ours && peer) {
    const times = ours.requestsPerSecond / peer.requestsPerSecond;
    rows.push({
      what: `requests/s, ${SATURATED.name}`,
      bar: "≥ 3× the peer's, aim 5×",
      reached: `${times.toFixed(2)}× (${whole(ours.requestsPerSecond)} to ${whole(peer.requestsPerSecond)})`,
      ok: times >= 3,
    });
  }
  if (ours && floor && peer) {
    const times = ours.cpuMicrosPerRequest / floor.cpuMicrosPerRequest;
    rows.push({
      what: 'CPU per request, gateway and PostgreSQL, same case',
      bar: "≤ 4× the floor's and below the peer's, aim 3×",
      reached: `${times.toFixed(2)}× (${whole(ours.cpuMicrosPerRequest)} µs; floor ${whole(floor.cpuMicrosPerRequest)}, peer ${whole(peer.cpuMicrosPerRequest)})`,
      ok: times <= 4 && ours.cpuMicrosPerRequest < peer.cpuMicrosPerRequest,
    });
  }
  return [
    ...rows,
    ...pacedBar(of('breakeven', PACED)),
    ...[LIVE, LIVE_AT_ONCE].flatMap((live) => liveBars(live, all)),
  ];
}

function pacedBar(ours: Medians | undefined): Bar[] {
  if (!ours) return [];
  const p50 = (ours.latencyP50Ms - PACED.delayMs) / PACED.delayMs;
  const p99 = (ours.latencyP99Ms - PACED.delayMs) / PACED.delayMs;
  return [
    {
      what: `added latency, ${PACED.name}`,
      bar: "p50 ≤ 10%, p99 ≤ 80% of the upstream's time, aim 40%",
      reached: `p50 ${percent(p50)}, p99 ${percent(p99)}`,
      ok: p50 <= 0.1 && p99 <= 0.8,
    },
  ];
}

function liveBars(live: BenchCase, all: readonly Measurement[]): Bar[] {
  const ours = mediansOf(all, 'breakeven', live);
  const floor = mediansOf(all, 'floor', live);
  if (!ours || !floor) return [];
  const first = ours.firstByteP99Ms / floor.firstByteP99Ms;
  const chunk = ours.cpuMicrosPerChunk / floor.cpuMicrosPerChunk;
  return [
    {
      what: `first byte p99, ${live.name}`,
      bar: "≤ 2.5× the floor's",
      reached: `${first.toFixed(2)}× (${ms(ours.firstByteP99Ms)} to ${ms(floor.firstByteP99Ms)})`,
      ok: first <= 2.5,
    },
    {
      what: 'CPU per chunk, same case',
      bar: "≤ 1.5× the floor's",
      reached: `${chunk.toFixed(2)}× (${ours.cpuMicrosPerChunk.toFixed(1)} to ${floor.cpuMicrosPerChunk.toFixed(1)} µs${roundsOf(all, live)})`,
      ok: chunk <= 1.5,
    },
    {
      what: "every stream equals the upstream's bytes minus declared edits",
      bar: '0 differ',
      reached: `${ours.mismatches} differ, ${ours.failures} failed`,
      ok: ours.mismatches === 0 && ours.failures === 0,
    },
  ];
}

/** What each round gave by itself: how far the medians can be trusted. */
function roundsOf(all: readonly Measurement[], live: BenchCase): string {
  const runs = all.filter((run) => run.case.name === live.name);
  const rounds = [...Map.groupBy(runs, ({ round }) => round).values()];
  if (rounds.length < 2) return '';
  const times = rounds.map((round) => {
    const ours = mediansOf(round, 'breakeven', live);
    const floor = mediansOf(round, 'floor', live);
    return ours && floor ? (ours.cpuMicrosPerChunk / floor.cpuMicrosPerChunk).toFixed(2) : '–';
  });
  return `; by round ${times.join(', ')}`;
}
