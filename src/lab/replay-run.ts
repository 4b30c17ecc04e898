import { paymentsOf } from '#admission/payment-record.ts';
import type { LotKind } from '#plans/account-state.ts';
import type { Scopes } from '#plans/counters.ts';
import type { RequestSender } from '#plans/decision.ts';
import { DecisionOut, ExtendOut, SettleOut } from '#plans/decision-out.ts';
import { decide, extend, liveStretch, settle, voidHold } from '#plans/kernel.ts';
import { ONE_BY_ONE, Stretch, STRETCH_MAX, VERDICT } from '#plans/stretch.ts';
import type { AccountOperation } from './account-operation.ts';
import { ReplayAccount } from './replay-account.ts';
import { ReplayComparison } from './replay-comparison.ts';
import { ReplayPlace } from './replay-place.ts';
import { type ReplayProgram, replayProgram } from './replay-program.ts';
import { ReplayRequest, requestIdOf } from './replay-request.ts';
import { ReplayScopes } from './replay-scopes.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { ReplayTally } from './replay-tally.ts';
import { RetryQueue } from './retry-queue.ts';
import {
  type EventColumns,
  EVIDENCE,
  NONE,
  OP_ACCOUNT,
  OP_DECIDE,
  OP_LIFECYCLE,
  opKind,
  opRef,
  type Tape,
} from './tape.ts';

/** Fewer are as fast one by one. */
const STRETCH_MIN = 3;
/** So often at most does a failure double the steps before the next attempt. */
const FAILURES_MAX = 4;

/** A request ends under the terms that admitted it. */
interface OpenRequest {
  readonly served: number;
  readonly program: ReplayProgram;
  readonly segment: number;
}

/**
 * Replays customers of a tape through the kernel that bills live traffic, one after the other, and adds
 * up what came of it into a shared matrix. Everything a decision needs is reused from one to the next.
 */
export class ReplayRun {
  #tape: Tape;
  readonly #spec: ReplaySpec;
  readonly #event: EventColumns;
  readonly #decision = new DecisionOut();
  readonly #settlement = new SettleOut();
  readonly #extension = new ExtendOut();
  readonly #stretch = new Stretch();
  readonly #retries = new RetryQueue();
  readonly #place: ReplayPlace;
  readonly #request: ReplayRequest;
  readonly #scopes: ReplayScopes;
  readonly #accounts: ReplayAccount;
  readonly #tally: ReplayTally;
  /** Absent in a scenario. */
  readonly #comparison: ReplayComparison | undefined;
  /** What each open request was admitted under, by event. */
  readonly #open = new Map<number, OpenRequest>();

  /** Told of every event that a limit refuses, or sends to another class. */
  readonly #onLimit: ((event: number, verdict: 'refused' | 'fellBack') => void) | undefined;

  /** @param out a row of metrics for each of the tape's segments */
  constructor(
    tape: Tape,
    spec: ReplaySpec,
    out: Float64Array,
    onLimit?: (event: number, verdict: 'refused' | 'fellBack') => void,
  ) {
    this.#onLimit = onLimit;
    this.#decision.tells = false;
    this.#settlement.tells = false;
    this.#stretch.tellsOpenings = spec.deferredShare > 0;
    this.#tape = tape;
    this.#spec = spec;
    const { event } = tape.columns;
    this.#event = event;
    const gates = new Map(tape.gates.map((name, index) => [name, index]));
    const programs = new Map(
      spec.plans.map((plan) => [plan.id as string, replayProgram(plan, spec, gates)]),
    );
    const place = new ReplayPlace(out);
    this.#place = place;
    this.#request = new ReplayRequest(tape, spec);
    this.#scopes = new ReplayScopes(event);
    this.#accounts = new ReplayAccount({ spec, event, place, programs });
    this.#tally = new ReplayTally(event, spec, place);
    this.#comparison = spec.recorded ? new ReplayComparison(event, place) : undefined;
  }

  /** Replays one customer from their opening to the end of the tape. */
  customer(k: number): void {
    this.#place.reset(this.#tape.segmentStarts[k] ?? 0);
    this.#scopes.reset();
    this.#accounts.reset();
    this.#retries.clear();
    if (this.#open.size > 0) this.#open.clear();
    this.#replay(k);
  }

  /** Events that are not over yet, so that what comes later needs them. */
  unfinished(): readonly number[] {
    return [...this.#open.keys(), ...this.#retries.waiting, ...this.#accounts.paid];
  }

  /**
   * Goes on with the one customer of a tape whose time is in several parts.
   * @param tape the next part, in the same columns
   * @param moved where the events that are not over lie by now
   */
  resume(tape: Tape, moved: ReadonlyMap<number, number>): void {
    this.#tape = tape;
    const open = [...this.#open];
    this.#open.clear();
    for (const [event, request] of open) this.#open.set(moved.get(event) ?? event, request);
    this.#retries.move(moved);
    this.#accounts.move(moved);
    this.#replay(0);
  }

  #replay(k: number): void {
    const { ops, opStarts, operations, expected } = this.#tape;
    const from = opStarts[k] ?? 0;
    const to = opStarts[k + 1] ?? 0;
    const place = this.#place;
    if (expected !== undefined) for (const event of expected) this.#accounts.expectEvent(event);
    for (let at = from; at < to; at++) {
      const op = ops[at] ?? 0;
      const operation = opKind(op) === OP_ACCOUNT ? operations[opRef(op)] : undefined;
      if (operation !== undefined) this.#accounts.expect(operation);
    }
    const { accountsOnly } = this.#spec;
    for (let at = from; at < to; at++) {
      const op = ops[at] ?? 0;
      const kind = opKind(op);
      const ref = opRef(op);
      if (kind === OP_ACCOUNT) {
        const operation = operations[ref];
        if (operation === undefined) continue;
        this.#retryUntil(operation.atMs);
        if (operation.kind === 'extend') this.#extend(operation);
        else this.#accounts.operate(operation);
      } else if (place.isOpen && !accountsOnly) {
        if (kind === OP_LIFECYCLE) {
          const length = this.#lengthOfStretch(at, to);
          this.#live(ref, length);
          at += length - 1;
        } else if (kind === OP_DECIDE) this.#decideAtItsTime(ref, false);
        else this.#end(ref);
      }
    }
  }

  /** How many events from this operation on end before the next is decided, with nothing between them. */
  #lengthOfStretch(from: number, end: number): number {
    const { ops } = this.#tape;
    const first = ops[from] ?? 0;
    const most = Math.min(STRETCH_MAX, end - from);
    let length = 1;
    // The kind is 0 and in the upper bits: the next such event is the next number.
    while (length < most && ops[from + length] === first + length) length++;
    return length;
  }

  /** Lives through events that each end at once: in stretches as far as these go, the others one by one. */
  #live(first: number, count: number): void {
    const { account, program } = this.#place;
    const stretch = this.#stretch;
    const canStretch = count >= STRETCH_MIN && program.program.everyoneGates.length === 0;
    if (canStretch) this.#fill(program, first, count);
    let singles = canStretch ? 0 : count;
    let failures = 0;
    for (let j = 0; j < count;) {
      if (singles > 0) {
        this.#decideAtItsTime(first + j, true);
        singles--;
        j++;
        continue;
      }
      const to = this.#nextBorder(program, first, j, count);
      const sender = this.#request.sentBy(program, first + j);
      const scopes = this.#scopesOf(program, first + j, sender);
      const reached = liveStretch(account, program.program, sender, scopes, stretch, j, to);
      if (reached > j) this.#count(program, first, j, reached);
      // Where it stops at once again and again, attempts become fewer.
      failures = reached > j ? 0 : Math.min(failures + 1, FAILURES_MAX);
      j = reached;
      if (stretch.wanted >= 0)
        this.#request.fillOther(program, { first, from: j, count }, stretch, stretch.wanted);
      else if (reached < to) singles = 2 ** failures;
    }
  }

  /** Counts what came of a part of the stretch. */
  #count(program: ReplayProgram, first: number, from: number, to: number): void {
    const stretch = this.#stretch;
    const tally = this.#tally;
    tally.stretch(program, first, stretch, from, to);
    this.#comparison?.stretch(first, stretch, from, to, this.#spec.fromMs);
    for (let n = 0; n < tally.restCount; n++) {
      const j = tally.rest[n] ?? 0;
      const i = first + j;
      stretch.tell(j, program.program, this.#decision, this.#settlement);
      const served = this.#decided(i, program, this.#decision, false);
      const isCompared = stretch.verdict[j] !== VERDICT.served;
      if (served !== NONE) {
        const { cost, charge } = stretch.columnsOf(j);
        const actual = { costNanoUsd: cost[j] ?? 0, chargeNanoUsd: charge[j] ?? 0 };
        tally.settled(i, served, this.#settlement, actual);
        if (isCompared) this.#comparison?.charge(i, this.#settlement);
      }
      if (isCompared) this.#comparison?.decision(i, this.#decision);
    }
  }

  #fill(program: ReplayProgram, first: number, count: number): void {
    const stretch = this.#stretch;
    this.#request.fill(program, first, count, stretch);
    if (!this.#accounts.keepsAny) return;
    for (let j = 0; j < count; j++)
      if (this.#accounts.isKept(first + j)) stretch.asked[j] = ONE_BY_ONE;
  }

  /** Where another sender's requests begin, or a refused one comes again before. */
  #nextBorder(program: ReplayProgram, first: number, from: number, count: number): number {
    const end = this.#request.sameSenderUpTo(program, first + from, first + count) - first;
    const dueMs = this.#retries.nextDueMs;
    if (dueMs === Infinity) return end;
    let j = from;
    while (j < end && (this.#stretch.atMs[j] ?? 0) <= dueMs) j++;
    return j;
  }

  #decideAtItsTime(i: number, isFused: boolean): void {
    const atMs = this.#event.atMs[i] ?? 0;
    this.#retryUntil(atMs);
    this.#decide(i, atMs, isFused, false);
  }

  #retryUntil(atMs: number): void {
    if (this.#retries.nextDueMs >= atMs) return;
    for (let i = this.#retries.due(atMs); i >= 0; i = this.#retries.due(atMs)) {
      this.#decide(i, this.#retries.dueMs, true, true);
    }
  }

  #decide(i: number, atMs: number, isFused: boolean, isRetry: boolean): void {
    const out = this.#decision;
    const { account, program } = this.#place;
    const request = this.#request.ask(program, i, atMs, isFused);
    const scopes = this.#scopesOf(program, i, request);
    decide(account, program.program, request, scopes, out);
    const counts = atMs >= this.#spec.fromMs;
    const served = out.verdict === 'admitted' ? (program.classes[out.classIndex] ?? NONE) : NONE;
    if (counts) this.#decided(i, program, out, isRetry);
    if (out.verdict === 'admitted') {
      if (isFused) {
        this.#request.ending.requestId = request.requestId;
        this.#finish(i, { served, program, counts }, scopes);
      } else this.#open.set(i, { served, program, segment: this.#place.segment });
    }
    if (counts && this.#comparison !== undefined) this.#comparison.decision(i, out);
  }

  /** Counts a decision. @returns the class that serves */
  #decided(i: number, program: ReplayProgram, out: DecisionOut, isRetry: boolean): number {
    if (out.verdict === 'admitted') {
      const served = program.classes[out.classIndex] ?? NONE;
      this.#tally.admitted(i, served, out, isRetry);
      if (out.fallback === 'gate') this.#onLimit?.(i, 'fellBack');
      return served;
    }
    if (!isRetry) {
      this.#onLimit?.(i, 'refused');
      if (this.#tally.refused(i, out)) this.#defer(i, out);
    }
    return NONE;
  }

  #scopesOf(program: ReplayProgram, i: number, { memberId, keyId }: RequestSender): Scopes {
    return this.#scopes.ofRequest(program, i, memberId !== undefined, keyId !== undefined);
  }

  /** Some of what a gate refuses comes again, once, when it opens. */
  #defer(i: number, out: DecisionOut): void {
    const { deferredShare, seed } = this.#spec;
    if (deferredShare === 0 || out.reason !== 'gate' || out.gate < 0) return;
    // By what names the request in its account, so that it does not matter what else is on the tape.
    const name =
      Math.imul(this.#event.seq[i] ?? 0, 0x9e3779b1) ^ ((this.#event.atMs[i] ?? 0) % 2 ** 32);
    if (hashShare(seed, name) < deferredShare) this.#retries.push(out.resetsAtMs[out.gate] ?? 0, i);
  }

  /** Ends a request that did not end at once. */
  #end(i: number): void {
    const open = this.#open.get(i);
    if (open === undefined) return;
    this.#open.delete(i);
    this.#request.ending.requestId = requestIdOf(this.#event.seq[i] ?? 0);
    const place = this.#place;
    const { segment } = place;
    // It counts where it was admitted, whatever the account is on by now.
    if (open.segment !== segment) place.enter(open.segment);
    const { served, program } = open;
    const counts = (this.#event.atMs[i] ?? 0) >= this.#spec.fromMs;
    this.#finish(i, { served, program, counts }, this.#scopes.ofHold(i));
    if (open.segment !== segment) place.enter(segment);
  }

  #finish(
    i: number,
    under: { served: number; program: ReplayProgram; counts: boolean },
    scopes: Scopes,
  ): void {
    const event = this.#event;
    const { ending, actual } = this.#request;
    const { account } = this.#place;
    const { served, counts } = under;
    const { program } = under.program;
    const out = this.#settlement;
    // 0 for what the books refused: the account's time never steps back, so it ends at once.
    ending.atMs = event.settledMs[i] ?? 0;
    if (event.evidence[i] === EVIDENCE.voided) {
      voidHold(account, program, ending, scopes, out);
      return;
    }
    const isKnown = this.#request.use(under.program, i, served);
    if (!isKnown && counts) this.#place.add('unknownDemand', 1);
    if (this.#accounts.isKept(i)) {
      const kinds = new Map<number, LotKind>(account.lots.map((lot) => [lot.no, lot.kind]));
      settle(account, program, ending, scopes, out);
      this.#accounts.keep(i, paymentsOf(out, kinds));
    } else settle(account, program, ending, scopes, out);
    if (!counts) return;
    this.#tally.settled(i, served, out, actual);
    this.#comparison?.charge(i, out);
  }

  #extend(operation: Extract<AccountOperation, { kind: 'extend' }>): void {
    const open = this.#open.get(operation.event);
    const { account, isOpen } = this.#place;
    if (open === undefined || !isOpen) return;
    const { program } = open.program;
    // Whether a gate over everyone had room for more is taken as it was.
    if (!operation.extended && program.everyoneGates.length > 0) {
      account.seq++;
      return;
    }
    this.#scopes.widen(open.program);
    const { atMs, upTo } = operation;
    const requestId = requestIdOf(this.#event.seq[operation.event] ?? 0);
    const scopes = this.#scopes.ofHold(operation.event);
    extend(account, program, { atMs, requestId, upTo }, scopes, this.#extension);
  }
}

/** A share in [0, 1) that depends on seed and number alone. */
export function hashShare(seed: number, number: number): number {
  let x =
    (Math.imul(number ^ (number >>> 16), 0x45d9f3b) ^ Math.imul(seed + 0x9e3779b9, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}
