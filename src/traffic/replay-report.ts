import type { ReplayOutcome } from './replay-request.ts';

export interface ReplayReport {
  readonly requests: number;
  readonly served: number;
  /** Of the served ones, those that a limit ended early. */
  readonly cut: number;
  /** Refused by a gate or for lack of funds: part of the picture, not a failure. */
  readonly refused: number;
  readonly failed: number;
  /** How often for each reason that is not `served`, such as `429 gate_full`. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of served requests. */
  readonly firstByteMs: Percentiles;
  readonly wholeMs: Percentiles;
  /** How far sending fell behind the recording's rhythm. */
  readonly lagMs: Percentiles;
  readonly seconds: number;
  /** From the first request to the last, as recorded. */
  readonly recordedSeconds: number;
  readonly text: string;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What came of a replay so far. */
export class ReplayTally {
  readonly #counts = { requests: 0, served: 0, cut: 0, refused: 0, failed: 0 };
  readonly #reasons = new Map<string, number>();
  readonly #firstByteMs: number[] = [];
  readonly #wholeMs: number[] = [];
  readonly #lagMs: number[] = [];
  #inputTokens = 0;
  #outputTokens = 0;

  get requests(): number {
    return this.#counts.requests;
  }

  sent(lagMs: number): void {
    this.#counts.requests++;
    this.#lagMs.push(Math.max(0, lagMs));
  }

  ended(
    outcome: ReplayOutcome,
    recorded: { readonly inputTokens: number; readonly outputTokens: number },
  ): void {
    this.#counts[outcome.kind]++;
    if (outcome.cut) this.#counts.cut++;
    if (outcome.why !== undefined) {
      this.#reasons.set(outcome.why, (this.#reasons.get(outcome.why) ?? 0) + 1);
    }
    if (outcome.kind !== 'served') return;
    this.#inputTokens += recorded.inputTokens;
    this.#outputTokens += recorded.outputTokens;
    this.#firstByteMs.push(outcome.firstByteMs);
    this.#wholeMs.push(outcome.wholeMs);
  }

  progress(running: number): string {
    const { requests, served, refused, failed } = this.#counts;
    return `${count(requests)} sent: ${count(served)} served, ${count(refused)} refused, ${count(failed)} failed, ${running} running`;
  }

  report(about: {
    readonly file: string;
    readonly speed: number;
    readonly book: string;
    readonly seconds: number;
    readonly recordedSeconds: number;
  }): ReplayReport {
    const { file, speed, book, seconds, recordedSeconds } = about;
    const { requests, served, cut, refused, failed } = this.#counts;
    const firstByteMs = percentiles(this.#firstByteMs);
    const wholeMs = percentiles(this.#wholeMs);
    const lagMs = percentiles(this.#lagMs);
    const sums = { inputTokens: this.#inputTokens, outputTokens: this.#outputTokens };
    const reasons = [...this.#reasons].sort(([, a], [, b]) => b - a);
    const text = [
      `Replayed ${count(requests)} requests of ${file} at ${speed}× in ${seconds.toFixed(1)} s.`,
      `  served    ${count(served)}${cut > 0 ? `, ${count(cut)} of them cut by a limit` : ''}: ${count(sums.inputTokens)} tokens in, ${count(sums.outputTokens)} out`,
      `  refused   ${count(refused)}`,
      `  failed    ${count(failed)}`,
      ...reasons.map(([why, times]) => `              ${count(times)} × ${why}`),
      `  first byte ${spread(firstByteMs)}; whole answer ${spread(wholeMs)}`,
      `  behind the recording ${spread(lagMs)}`,
      `${minutes(recordedSeconds)} of use stand in the books against ${minutes(seconds)} of subscriptions: read costs, not margins.`,
      `Now: breakeven report pnl --book ${book}`,
    ].join('\n');
    return Object.freeze({
      ...this.#counts,
      ...sums,
      reasons: Object.fromEntries(reasons),
      firstByteMs,
      wholeMs,
      lagMs,
      seconds,
      recordedSeconds,
      text,
    });
  }
}

const count = (value: number): string => value.toLocaleString('en');

const minutes = (seconds: number): string => `${(seconds / 60).toFixed(1)} minutes`;

function spread({ p50, p99, max }: Percentiles): string {
  return `p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms, at most ${Math.round(max)} ms`;
}

function percentiles(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
