import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { Admission } from '#gateway/admit-request.ts';
import type { InternalOutcome, RunningCall } from '#gateway/internal-call.ts';
import { planTerms } from '#gateway/plan-directory.ts';
import { ChatStreamReader } from './chat-stream-reader.ts';
import { citationRanges } from './citation-marks.ts';
import { errorPart } from './error-part.ts';
import { addTaking, endGeneration, noteRequest } from './generations.store.ts';
import type { GenerationPlan, GeneratorDeps } from './generator.ts';
import type { EndStatus, LogEntry } from './log-entry.ts';
import type { LogWriter } from './log-writer.ts';
import { RunningLog } from './running-log.ts';
import { type Taking, takingOf } from './taking.ts';

/** How long the line below an answer waits for its receipt. */
const RECEIPT_WAIT_MS = 3_000;
const RECEIPT_TRY_MS = 40;
const END_RETRY_MS = 500;

/**
 * One generation that runs in this process.
 *
 * States: running → stopping (somebody asked, or the server ends) → ended. Whatever happens, it ends
 * by one transaction that writes the message, its status and the log's last entry.
 */
export class GenerationRun {
  readonly log: RunningLog;
  readonly done: Promise<void>;
  readonly #deps: GeneratorDeps;
  readonly #writer: LogWriter;
  readonly #plan: GenerationPlan;
  readonly #reader = new ChatStreamReader();
  #call: RunningCall | undefined;
  #text = '';
  #noted: Promise<void> = Promise.resolve();
  #stopped: 'stopped' | 'interrupted' | undefined;

  constructor(deps: GeneratorDeps, writer: LogWriter, plan: GenerationPlan) {
    this.#deps = deps;
    this.#writer = writer;
    this.#plan = plan;
    this.log = new RunningLog(plan.id);
    this.done = this.#run();
  }

  /** A person asked. What has come so far is all there will be. */
  stop(): void {
    this.#end('stopped');
  }

  /** The server ends. */
  interrupt(): void {
    this.#end('interrupted');
  }

  #end(how: 'stopped' | 'interrupted'): void {
    if (this.#stopped) return;
    this.#stopped = how;
    this.#call?.leave();
  }

  async #run(): Promise<void> {
    const { gateway, clock } = this.#deps;
    const { caller, body, search } = this.#plan;
    const startedAtMs = clock.nowMs();
    const errand = search?.((entry) => this.#say(entry));
    this.#call = gateway.call({
      caller,
      surface: 'openai-chat',
      body,
      errand,
      sink: {
        admitted: (admission) => this.#admitted(admission),
        // Billed is what is recorded: the log is durable before the hold is settled.
        delivered: async () => {
          await this.#noted;
          await this.#writer.flushed(this.log);
        },
        data: (chunk, take) => this.#data(chunk, take),
      },
    });
    const outcome = await this.#call.done;
    const ms = Math.max(0, clock.nowMs() - startedAtMs);
    await this.#writer.flushed(this.log);
    const last = this.#lastWords(outcome, errand?.sources() ?? 0);
    const taking = await this.#taking(outcome, ms).catch(() => undefined);
    await this.#writeEnd({ ...last, taking });
    this.log.close();
  }

  #admitted({ quote, admitted }: Admission): void {
    this.#say({
      type: 'admitted',
      model: quote.model.name,
      class: quote.model.className,
      fallbackGate: fallbackGateOf(admitted),
    });
    this.#noted = noteRequest(this.#deps.pool, this.#plan.id, admitted.hold.requestId).catch(
      (error: unknown) =>
        this.#deps.log.warn({ err: error }, 'the request of a chat answer was not noted'),
    );
  }

  #data(chunk: Buffer, take: () => void): void {
    // What comes after a stop is not part of the answer any more.
    if (!this.#stopped) for (const entry of this.#reader.push(chunk)) this.#say(entry);
    this.log.whenTaken(take);
  }

  #say(entry: LogEntry): void {
    if (entry.type === 'text') this.#text += entry.text;
    this.log.add(entry);
    this.#writer.touch(this.log);
  }

  #lastWords(
    outcome: InternalOutcome,
    sources: number,
  ): { readonly status: EndStatus; readonly entries: readonly LogEntry[] } {
    const entries: LogEntry[] = [];
    const ranges = citationRanges(this.#text, sources);
    if (ranges.length > 0) entries.push({ type: 'citations', ranges });
    if (this.#stopped) return { status: this.#stopped, entries };
    const error = outcome.error ?? this.#broken();
    if (error) {
      const { subject } = this.#plan.caller;
      const { plan } = planTerms(this.#deps.plans, subject.planVersionId);
      return { status: 'failed', entries: [...entries, errorPart(error, plan)] };
    }
    return { status: this.#reader.finish === 'length' ? 'cut' : 'complete', entries };
  }

  #broken(): DomainError | undefined {
    if (this.#reader.error !== undefined)
      return new DomainError('upstream_error', this.#reader.error);
    if (this.#reader.finish === undefined)
      return new DomainError('upstream_error', 'The supplier of this model broke off.');
    return undefined;
  }

  /** The line below the answer, from its receipt. */
  async #taking(outcome: InternalOutcome, ms: number): Promise<Taking | undefined> {
    const { receipt, plans } = this.#deps;
    const { caller } = this.#plan;
    if (!outcome.admission) return undefined;
    const { admitted } = outcome.admission;
    const requestId: Id<'request'> = admitted.hold.requestId;
    const untilMs = performance.now() + RECEIPT_WAIT_MS;
    for (;;) {
      const found = await receipt(caller, requestId);
      if (found === undefined) return undefined;
      if (found !== 'running')
        return takingOf(found, {
          plan: plans.plan(caller.subject.planVersionId),
          ms,
          fallbackGate: fallbackGateOf(admitted),
        });
      // A hold that was given back unused never gets a receipt.
      if (outcome.settled === undefined && performance.now() > untilMs) return undefined;
      await sleep(RECEIPT_TRY_MS);
    }
  }

  /** The store may be away; the end waits for it. */
  async #writeEnd(end: {
    readonly status: EndStatus;
    readonly entries: readonly LogEntry[];
    readonly taking: Taking | undefined;
  }): Promise<void> {
    const { pool, owner, clock, log } = this.#deps;
    for (;;) {
      try {
        const ended = await endGeneration(pool, {
          id: this.#plan.id,
          owner: owner(),
          nowMs: clock.nowMs(),
          ...end,
        });
        if (ended === undefined && end.taking) await addTaking(pool, this.#plan.id, end.taking);
        return;
      } catch (error) {
        const isOutage = error instanceof DomainError && error.code === 'store_unavailable';
        log.warn({ err: error }, 'the end of a chat answer waits for the store');
        if (!isOutage) return;
        await sleep(END_RETRY_MS);
      }
    }
  }
}

/** The full gate because of which another class serves than was asked for. */
function fallbackGateOf({ candidate, becauseOfGate }: Admission['admitted']): string | undefined {
  return candidate > 0 ? becauseOfGate : undefined;
}
