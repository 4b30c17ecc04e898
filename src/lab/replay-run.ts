import { accrue, priceOfRest } from '#admission/accrual.ts';
import { takeBack, type Payment, paymentsOf } from '#admission/payment-record.ts';
import { assert } from '#base/assert.ts';
import type { Id } from '#base/id.ts';
import { type NanoUsd, nanoUsd, roundHalfEvenSafe } from '#base/money.ts';
import { AccountState, type LotKind } from '#plans/account-state.ts';
import type { Scopes } from '#plans/counters.ts';
import type { Candidate, DecisionRequest } from '#plans/decision.ts';
import { DecisionOut, ExtendOut, SettleOut } from '#plans/decision-out.ts';
import {
  changePlan,
  expireLots,
  type FundsChange,
  grant,
  refund,
  renewPeriod,
  setCustomerCap,
} from '#plans/funding.ts';
import { decide, extend, settle, voidHold } from '#plans/kernel.ts';
import { ScopeState } from '#plans/scope-state.ts';
import { SharedCounters } from '#plans/shared-counters.ts';
import { type AccountOperation, NO_EVENT } from './account-operation.ts';
import { costAt, heldAt } from './class-prices.ts';
import { METRIC, METRIC_COUNT, PERIOD_PARTS } from './metrics.ts';
import { type ReplayProgram, replayProgram } from './replay-program.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { RetryQueue } from './retry-queue.ts';
import {
  type CandidateColumns,
  type EventColumns,
  EVIDENCE,
  FALLBACKS,
  NO_GATE,
  NONE,
  OP_ACCOUNT,
  OP_DECIDE,
  OP_LIFECYCLE,
  opKind,
  opRef,
  REASONS,
  type Tape,
} from './tape.ts';

/** A request ends under the terms that admitted it. */
interface OpenRequest {
  readonly served: number;
  readonly program: ReplayProgram;
  readonly row: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
interface WritableAmounts {
  tokens: number;
  costNanoUsd: NanoUsd;
  chargeNanoUsd: NanoUsd;
}
type WritableCandidate = Writable<Omit<Candidate, 'quote'>> & { quote: WritableAmounts };
type WritableRequest = Omit<Writable<DecisionRequest>, 'memberId' | 'keyId' | 'keyCapNanoUsd'> & {
  memberId: Id<'member'> | undefined;
  keyId: Id<'apiKey'> | undefined;
  keyCapNanoUsd: NanoUsd | undefined;
};

const LIFECYCLE_ID = 'req' as Id<'request'>;
const MEMBER = 'member' as Id<'member'>;
const KEY = 'key' as Id<'apiKey'>;
const NO_SCOPES: Scopes = {};
/** More than any slice is ever asked for. */
const AMPLE = 2 ** 52;
const CANDIDATES_MAX = 17;

/**
 * Replays customers of a tape through the kernel that bills live traffic, one after the other, and adds
 * up what came of it into a shared matrix. Everything a decision needs is reused from one to the next.
 */
export class ReplayRun {
  readonly #tape: Tape;
  readonly #spec: ReplaySpec;
  readonly #out: Float64Array;
  readonly #event: EventColumns;
  readonly #candidate: readonly CandidateColumns[];
  readonly #programs: ReadonlyMap<string, ReplayProgram>;
  readonly #decision = new DecisionOut();
  readonly #settlement = new SettleOut();
  readonly #extension = new ExtendOut();
  readonly #pool: WritableCandidate[] = Array.from({ length: CANDIDATES_MAX }, () => ({
    className: '',
    available: true,
    quote: { tokens: 0, costNanoUsd: 0 as NanoUsd, chargeNanoUsd: 0 as NanoUsd },
  }));
  /** By how many there are: arrays that never change their length. */
  readonly #lists = Array.from({ length: CANDIDATES_MAX + 1 }, (_, n) => this.#pool.slice(0, n));
  readonly #request: WritableRequest = {
    atMs: 0,
    requestId: LIFECYCLE_ID,
    candidates: [],
    memberId: undefined,
    keyId: undefined,
    keyCapNanoUsd: undefined,
  };
  readonly #actual: WritableAmounts = {
    tokens: 0,
    costNanoUsd: 0 as NanoUsd,
    chargeNanoUsd: 0 as NanoUsd,
  };
  readonly #ending = { atMs: 0, requestId: LIFECYCLE_ID, actual: this.#actual };
  readonly #retries = new RetryQueue();
  #account = new AccountState();
  #program!: ReplayProgram;
  /** Of the account's price; see admission. */
  #terms = { priceNanoUsd: 0, accruedNanoUsd: 0, fromMs: 0, accruedToMs: 0 };
  #members = new Map<number, ScopeState>();
  #keys = new Map<number, ScopeState>();
  #shared: SharedCounters | undefined;
  /** First column of the running segment's row. */
  #row = 0;
  #segment = 0;
  #isOpen = false;
  /** Something that the books no longer know has happened: what follows cannot be compared. */
  #isBlurred = false;
  /** What was paid for events that are refunded or measured anew. */
  #payments = new Map<number, readonly Payment[]>();
  #keepPayments = new Set<number>();
  /** What each open request was admitted under, by event. */
  #open = new Map<number, OpenRequest>();
  /** Of the request that is ending: its own plan's, whatever the account is on by now. */
  #endingProgram!: ReplayProgram;

  constructor(tape: Tape, spec: ReplaySpec, out: Float64Array) {
    this.#decision.tells = false;
    this.#settlement.tells = false;
    this.#tape = tape;
    this.#spec = spec;
    this.#out = out;
    this.#event = tape.columns.event;
    this.#candidate = tape.columns.candidate;
    const gates = new Map(tape.gates.map((name, index) => [name, index]));
    this.#programs = new Map(spec.plans.map((plan) => [plan.id, replayProgram(plan, spec, gates)]));
  }

  /** Replays one customer from their opening to the end of the tape. */
  customer(k: number): void {
    const { ops, opStarts, segmentStarts, operations } = this.#tape;
    const from = opStarts[k] ?? 0;
    const to = opStarts[k + 1] ?? 0;
    this.#segment = segmentStarts[k] ?? 0;
    this.#row = this.#segment * METRIC_COUNT;
    this.#reset();
    // What is given back later must be remembered when it is paid.
    for (let at = from; at < to; at++) {
      const op = ops[at] ?? 0;
      if (opKind(op) !== OP_ACCOUNT) continue;
      const operation = operations[opRef(op)];
      if (operation?.kind === 'refund' || operation?.kind === 'supersede')
        this.#keepPayments.add(operation.event);
    }
    const { accountsOnly } = this.#spec;
    const defers = this.#spec.deferredShare > 0 && !accountsOnly;
    for (let at = from; at < to; at++) {
      const op = ops[at] ?? 0;
      const kind = opKind(op);
      const ref = opRef(op);
      if (kind === OP_ACCOUNT) {
        const operation = operations[ref];
        if (operation === undefined) continue;
        if (defers) this.#retryUntil(operation.atMs);
        this.#operate(operation);
      } else if (this.#isOpen && !accountsOnly) {
        if (kind === OP_LIFECYCLE || kind === OP_DECIDE) {
          const atMs = this.#event.atMs[ref] ?? 0;
          if (defers) this.#retryUntil(atMs);
          this.#decide(ref, atMs, kind === OP_LIFECYCLE, false);
        } else this.#end(ref);
      }
    }
  }

  #reset(): void {
    this.#account = new AccountState();
    this.#isOpen = false;
    this.#isBlurred = false;
    if (this.#members.size > 0) this.#members.clear();
    if (this.#keys.size > 0) this.#keys.clear();
    if (this.#payments.size > 0) this.#payments.clear();
    if (this.#keepPayments.size > 0) this.#keepPayments.clear();
    if (this.#open.size > 0) this.#open.clear();
    this.#retries.clear();
    this.#shared = undefined;
  }

  #add(metric: number, amount: number): void {
    this.#out[this.#row + metric] = (this.#out[this.#row + metric] ?? 0) + amount;
  }

  #retryUntil(atMs: number): void {
    for (let i = this.#retries.due(atMs); i >= 0; i = this.#retries.due(atMs)) {
      this.#decide(i, this.#retries.dueMs, true, true);
    }
  }

  #decide(i: number, atMs: number, isFused: boolean, isRetry: boolean): void {
    const event = this.#event;
    const account = this.#account;
    const program = this.#program;
    const request = this.#request;
    request.atMs = atMs;
    request.requestId = isFused ? LIFECYCLE_ID : (`req${i}` as Id<'request'>);
    if (this.#spec.recorded) this.#recordedCandidates(i);
    else this.#scenarioCandidates(i);
    const scopes = this.#scopesOf(i);
    const out = this.#decision;
    decide(account, program.program, request as DecisionRequest, scopes, out);
    const counts = atMs >= this.#spec.fromMs;
    if (out.verdict === 'admitted') {
      const served = program.classes[out.classIndex] ?? NONE;
      if (counts) this.#noteAdmitted(i, served, isRetry);
      if (isFused) {
        this.#ending.requestId = LIFECYCLE_ID;
        this.#endingProgram = program;
        this.#finish(i, served, event.evidence[i] === EVIDENCE.voided, scopes, counts);
      } else this.#open.set(i, { served, program, row: this.#row });
    } else if (counts) this.#noteRefused(i, isRetry);
    if (this.#spec.recorded && counts) this.#compareDecision(i);
  }

  #recordedCandidates(i: number): void {
    const count = this.#event.candidates[i] ?? 0;
    const { names } = this.#program;
    for (let n = 0; n < count; n++) {
      const each = this.#pool[n];
      const candidate = this.#candidate[n];
      if (each === undefined || candidate === undefined) break;
      each.className = names[candidate.className[i] ?? 0] ?? '';
      each.available = candidate.available[i] === 1;
      each.quote.tokens = candidate.tokens[i] ?? 0;
      each.quote.costNanoUsd = (candidate.cost[i] ?? 0) as NanoUsd;
      each.quote.chargeNanoUsd = (candidate.charge[i] ?? 0) as NanoUsd;
    }
    this.#request.candidates = this.#lists[count] ?? [];
  }

  /** The asked class and those that the scenario's gates may send it to, with recorded quotes where there are any. */
  #scenarioCandidates(i: number): void {
    const event = this.#event;
    const program = this.#program;
    const asked = event.classAsked[i] ?? 0;
    const chain = program.chains[asked] ?? [];
    const count = event.candidates[i] ?? 0;
    for (let n = 0; n < chain.length; n++) {
      const classIndex = chain[n] ?? 0;
      const each = this.#pool[n];
      if (each === undefined) break;
      each.className = program.names[classIndex] ?? '';
      let at = 0;
      while (at < count && this.#candidate[at]?.className[i] !== classIndex) at++;
      const candidate = at < count ? this.#candidate[at] : undefined;
      if (candidate === undefined) {
        this.#deriveQuote(i, classIndex, each);
        continue;
      }
      each.available = candidate.available[i] === 1;
      each.quote.tokens = candidate.tokens[i] ?? 0;
      const cost = candidate.cost[i] ?? 0;
      each.quote.costNanoUsd = cost as NanoUsd;
      each.quote.chargeNanoUsd = (
        program.hasOtherTariff
          ? roundHalfEvenSafe(cost * program.markupPerMille)
          : (candidate.charge[i] ?? 0)
      ) as NanoUsd;
    }
    this.#request.candidates = this.#lists[chain.length] ?? [];
  }

  #deriveQuote(i: number, classIndex: number, each: WritableCandidate): void {
    const price = this.#spec.classPrices[classIndex];
    each.available = price?.rates !== undefined;
    if (price?.rates === undefined) return;
    const input = Math.min(this.#event.inputBound[i] ?? 0, price.contextTokensMax);
    each.quote.tokens = input + price.outputTokensHeld;
    const cost = heldAt(price.rates, input, price.outputTokensHeld);
    each.quote.costNanoUsd = cost as NanoUsd;
    each.quote.chargeNanoUsd = tariffOf(this.#program, cost) as NanoUsd;
  }

  #scopesOf(i: number): Scopes {
    const event = this.#event;
    const { needsMember, needsKey, program } = this.#program;
    const request = this.#request;
    const cap = event.keyCap[i] ?? -1;
    const member = needsMember ? (event.member[i] ?? 0) : 0;
    const key = needsKey || cap >= 0 ? (event.key[i] ?? 0) : 0;
    request.memberId = member > 0 ? MEMBER : undefined;
    request.keyId = key > 0 ? KEY : undefined;
    request.keyCapNanoUsd = key > 0 && cap >= 0 ? (cap as NanoUsd) : undefined;
    const hasEveryone = program.everyoneGates.length > 0;
    if (member === 0 && key === 0 && !hasEveryone) return NO_SCOPES;
    if (hasEveryone) this.#takeVerdicts(i);
    return {
      member: member > 0 ? scopeOf(this.#members, member) : undefined,
      key: key > 0 ? scopeOf(this.#keys, key) : undefined,
      shared: this.#shared,
    };
  }

  /**
   * A gate over everyone depends on what all others did at that moment, in every process: like
   * capacity, its recorded verdict is taken as given.
   */
  #takeVerdicts(i: number): void {
    const event = this.#event;
    const { program, gates, isChanged } = this.#program;
    const shared = (this.#shared ??= new SharedCounters());
    const served = event.classServed[i] ?? NONE;
    const isStopped = (served === NONE && (event.reason[i] ?? 0) <= 1) || event.fallback[i] === 1;
    const stopped = isStopped ? (event.gate[i] ?? NO_GATE) : NO_GATE;
    const counted = event.counted[i] ?? 0;
    for (const gate of program.everyoneGates) {
      // What a request went on past did not count it; what stopped it is named.
      const wentPast =
        !isChanged &&
        served !== NONE &&
        (gate.classMask & (1 << (this.#program.programClass[served] ?? 0))) !== 0 &&
        (counted & (1 << gate.index)) === 0;
      const isFull = wentPast || (stopped !== NO_GATE && gates[gate.index] === stopped);
      shared.put({
        key: gate.key,
        stamp: 1,
        validUntilMs: Number.MAX_SAFE_INTEGER,
        leased: isFull ? 0 : AMPLE,
        used: 0,
        leasedByAll: 0,
        limit: gate.limit,
        exhaustedUntilMs: Number.MAX_SAFE_INTEGER,
      });
    }
  }

  /** Ends a request that did not end at once. */
  #end(i: number): void {
    const open = this.#open.get(i);
    if (open === undefined) return;
    this.#open.delete(i);
    const event = this.#event;
    this.#ending.requestId = `req${i}` as Id<'request'>;
    const isVoid = event.evidence[i] === EVIDENCE.voided;
    const counts = (event.atMs[i] ?? 0) >= this.#spec.fromMs;
    const row = this.#row;
    this.#row = open.row;
    this.#endingProgram = open.program;
    this.#finish(i, open.served, isVoid, this.#heldScopes(i), counts);
    this.#row = row;
  }

  /** Every counter that a hold may stand in: a plan that has since changed may have had more gates. */
  #heldScopes(i: number): Scopes {
    const event = this.#event;
    const member = event.member[i] ?? 0;
    const key = event.key[i] ?? 0;
    return {
      member: member > 0 ? scopeOf(this.#members, member) : undefined,
      key: key > 0 ? scopeOf(this.#keys, key) : undefined,
      shared: this.#shared,
    };
  }

  #finish(i: number, served: number, isVoid: boolean, scopes: Scopes, counts: boolean): void {
    const event = this.#event;
    const ending = this.#ending;
    // 0 for what the books refused: the account's time never steps back, so it ends at once.
    ending.atMs = event.settledMs[i] ?? 0;
    const out = this.#settlement;
    const account = this.#account;
    const { program } = this.#endingProgram;
    if (isVoid) {
      voidHold(account, program, ending, scopes, out);
      return;
    }
    this.#actualOf(i, served);
    const kinds = this.#keepPayments.has(i)
      ? new Map<number, LotKind>(account.lots.map((lot) => [lot.no, lot.kind]))
      : undefined;
    settle(account, program, ending, scopes, out);
    if (kinds !== undefined) this.#payments.set(i, paymentsOf(out, kinds));
    if (counts) this.#noteSettled(i, served);
    if (this.#spec.recorded && counts) this.#compareCharge(i);
  }

  /** What the request used, served by a class: as booked, or derived from the use on record. */
  #actualOf(i: number, served: number): void {
    const event = this.#event;
    const actual = this.#actual;
    const program = this.#endingProgram;
    const rates = this.#spec.modelRates[event.model[i] ?? 0];
    if (served === event.classServed[i] && rates === undefined) {
      const cost = event.cost[i] ?? 0;
      actual.tokens = event.tokens[i] ?? 0;
      actual.costNanoUsd = cost as NanoUsd;
      actual.chargeNanoUsd = (
        program.hasOtherTariff
          ? roundHalfEvenSafe(cost * program.markupPerMille)
          : (event.tariff[i] ?? 0)
      ) as NanoUsd;
      return;
    }
    const price = this.#spec.classPrices[served];
    const applied = served === event.classServed[i] ? rates : price?.rates;
    if (price === undefined || applied === undefined) {
      // Nobody knows what it would cost: counted as unknown, and booked as nothing.
      this.#add(METRIC.unknownDemand, 1);
      actual.tokens = 0;
      actual.costNanoUsd = 0 as NanoUsd;
      actual.chargeNanoUsd = 0 as NanoUsd;
      return;
    }
    const input = event.input[i] ?? 0;
    const cached = event.inputCached[i] ?? 0;
    const output = event.output[i] ?? 0;
    const before = event.classServed[i] ?? NONE;
    const thought = before === NONE || before === served || (event.reasoning[i] ?? 0) > 0;
    const reasoning = !price.thinks
      ? 0
      : thought
        ? (event.reasoning[i] ?? 0)
        : Math.round(output * price.reasoningPerOutput);
    const cost = costAt(applied, input, cached, output, reasoning);
    actual.tokens = input + cached + output + reasoning;
    actual.costNanoUsd = cost as NanoUsd;
    actual.chargeNanoUsd = tariffOf(program, cost) as NanoUsd;
  }

  #noteAdmitted(i: number, served: number, isRetry: boolean): void {
    const event = this.#event;
    const out = this.#decision;
    if (!isRetry) this.#add(METRIC.requests, 1);
    this.#add(METRIC.served, 1);
    const before = event.classServed[i] ?? NONE;
    const asked = event.classAsked[i] ?? NONE;
    const wasLimited = before === NONE || event.fallback[i] === 1;
    let isLimited = false;
    if (out.fallback === 'gate') {
      isLimited = true;
      this.#add(METRIC.fellBack, 1);
      if (!wasLimited) this.#add(METRIC.newlyFellBack, 1);
    }
    if (out.slow) {
      isLimited = true;
      this.#add(METRIC.slowed, 1);
      if (event.slow[i] === 0) this.#add(METRIC.newlySlowed, 1);
    }
    if (isLimited) this.#noteWhen();
    if (isRetry) this.#add(METRIC.retried, 1);
    if (before === NONE) {
      this.#add(METRIC.refusedBefore, isRetry ? 0 : 1);
      this.#add(METRIC.unseenServed, 1);
      if (this.#spec.demandKnown[asked] !== true) this.#add(METRIC.unknownDemand, 1);
    } else if (before !== served) this.#add(METRIC.derived, 1);
    if (wasLimited && served === asked) this.#add(METRIC.freed, 1);
  }

  #noteRefused(i: number, isRetry: boolean): void {
    const event = this.#event;
    const out = this.#decision;
    if (isRetry) return;
    this.#add(METRIC.requests, 1);
    this.#add(METRIC.refused, 1);
    this.#noteWhen();
    if (event.classServed[i] === NONE) {
      // Where its sender came back, that stands on the tape as a request of its own.
      this.#add(METRIC.refusedBefore, 1);
      return;
    }
    this.#add(METRIC.newlyRefused, 1);
    this.#add(METRIC.refusedValue, event.tariff[i] ?? 0);
    const { deferredShare, seed } = this.#spec;
    if (deferredShare === 0 || out.reason !== 'gate' || out.gate < 0) return;
    if (hashShare(seed, i) < deferredShare) this.#retries.push(out.resetsAtMs[out.gate] ?? 0, i);
  }

  #noteWhen(): void {
    const { startMs, endMs } = this.#account.period;
    const part = Math.floor(
      ((this.#decision.nowMs - startMs) / Math.max(1, endMs - startMs)) * PERIOD_PARTS,
    );
    this.#add(METRIC.limited0 + Math.min(PERIOD_PARTS - 1, Math.max(0, part)), 1);
  }

  #noteSettled(i: number, served: number): void {
    const event = this.#event;
    const out = this.#settlement;
    const cost = this.#actual.costNanoUsd;
    this.#add(METRIC.cost, cost);
    this.#add(METRIC.servedValue, this.#actual.chargeNanoUsd);
    if (out.chargeNanoUsd > 0) {
      this.#add(METRIC.paidAllowance, out.allowanceNanoUsd);
      this.#add(METRIC.paidPromotional, out.promotionalNanoUsd);
      this.#add(METRIC.paidBought, out.boughtNanoUsd);
      this.#add(METRIC.paidOverage, out.overageNanoUsd);
      this.#add(METRIC.overrun, out.overrunNanoUsd);
      if (out.overageNanoUsd > 0) this.#add(METRIC.overagePaid, 1);
      else this.#add(METRIC.creditPaid, 1);
    }
    const before = event.classServed[i] ?? NONE;
    if (before === NONE) {
      this.#add(METRIC.unseenCost, cost);
      this.#add(METRIC.unseenRevenue, out.boughtNanoUsd + out.overageNanoUsd);
    } else if (before !== served) this.#add(METRIC.derivedCost, cost);
    else if (event.evidence[i] === EVIDENCE.complete || event.evidence[i] === EVIDENCE.otherUnits) {
      this.#add(METRIC.evident, 1);
      this.#add(METRIC.evidentCost, cost);
    }
  }

  #compareDecision(i: number): void {
    const event = this.#event;
    const evidence = event.evidence[i] ?? 0;
    if (evidence === EVIDENCE.superseded || evidence === EVIDENCE.partial) this.#isBlurred = true;
    if (this.#isUnseenVerdict(i)) this.#isBlurred = true;
    if (this.#isBlurred) return this.#add(METRIC.uncomparable, 1);
    const out = this.#decision;
    const isAdmitted = out.verdict === 'admitted';
    const served = isAdmitted ? (this.#program.classes[out.classIndex] ?? NONE) : NONE;
    const gate = out.gate < 0 ? NO_GATE : (this.#program.gates[out.gate] ?? NO_GATE);
    const isSame =
      served === event.classServed[i] &&
      gate === (event.gate[i] ?? NO_GATE) &&
      out.fallback === FALLBACKS[event.fallback[i] ?? 0] &&
      out.slow === (event.slow[i] === 1) &&
      (isAdmitted || out.reason === REASONS[event.reason[i] ?? 0]) &&
      (!isAdmitted || out.heldChargeNanoUsd === event.held[i]);
    this.#add(METRIC.compared, 1);
    if (!isSame) this.#add(METRIC.differingDecisions, 1);
  }

  /**
   * True where a gate over everyone may have had a part in stopping a request and the record does not
   * say: it names one gate, and how much room another one had for which class is known to nobody.
   */
  #isUnseenVerdict(i: number): boolean {
    const { everyoneGates } = this.#program.program;
    const [gate] = everyoneGates;
    if (gate === undefined) return false;
    const event = this.#event;
    const isRefused = event.classServed[i] === NONE && (event.reason[i] ?? 0) <= 1;
    if (!isRefused && event.fallback[i] !== 1) return false;
    if (everyoneGates.length > 1 || gate.whenFull === 'fallback') return true;
    return gate.whenFull !== 'refuse' && this.#program.gates[gate.index] !== event.gate[i];
  }

  #compareCharge(i: number): void {
    if (this.#isBlurred) return;
    const event = this.#event;
    const out = this.#settlement;
    const isSame =
      out.chargeNanoUsd === event.charge[i] &&
      out.allowanceNanoUsd === event.paidAllowance[i] &&
      out.promotionalNanoUsd === event.paidPromotional[i] &&
      out.boughtNanoUsd === event.paidBought[i] &&
      out.overageNanoUsd === event.paidOverage[i] &&
      out.overrunNanoUsd === event.overrun[i];
    if (!isSame) this.#add(METRIC.differingCharges, 1);
  }

  #operate(operation: AccountOperation): void {
    if (operation.kind === 'open') return this.#openAccount(operation);
    if (!this.#isOpen) return;
    const account = this.#account;
    const { atMs } = operation;
    switch (operation.kind) {
      case 'grant':
        return this.#move(
          grant(account, {
            atMs,
            kind: operation.credits,
            amountNanoUsd: operation.amountNanoUsd,
            ...(operation.expiresAtMs !== undefined && { expiresAtMs: operation.expiresAtMs }),
          }),
        );
      case 'refund':
        return this.#refund(operation.event, atMs, operation.amountNanoUsd);
      case 'supersede':
        return this.#refund(operation.event, atMs, undefined, operation.charge);
      case 'extend':
        return this.#extend(operation);
      case 'change_plan': {
        const next = this.#programs.get(operation.planVersionId);
        assert(next !== undefined, 'every plan version of the tape has a program');
        const nowMs = account.advance(atMs);
        this.#earn(nowMs);
        const { startMs, endMs } = account.period;
        const price = priceOfRest(this.#priceOf(next, operation.priceNanoUsd), {
          restMs: endMs - nowMs,
          wholeMs: endMs - startMs,
        });
        this.#move(changePlan(account, this.#program.program, next.program, nowMs));
        this.#terms = {
          priceNanoUsd: price,
          accruedNanoUsd: 0,
          fromMs: Math.min(nowMs, endMs),
          accruedToMs: Math.min(nowMs, endMs),
        };
        this.#program = next;
        this.#segment++;
        this.#row = this.#segment * METRIC_COUNT;
        return;
      }
      case 'renew': {
        const { period, priceNanoUsd } = operation;
        this.#earn(account.periodEndMs);
        this.#move(
          renewPeriod(account, this.#program.program, { atMs: account.advance(atMs), ...period }),
        );
        this.#terms = {
          priceNanoUsd: this.#priceOf(this.#program, priceNanoUsd),
          accruedNanoUsd: 0,
          fromMs: period.startMs,
          accruedToMs: period.startMs,
        };
        return;
      }
      case 'cap':
        return this.#move(setCustomerCap(account, operation.capNanoUsd, atMs));
      case 'accrue':
        this.#earn(account.advance(atMs));
        account.seq++;
        return;
      case 'expire':
        return this.#move(expireLots(account, atMs));
    }
  }

  #openAccount(operation: Extract<AccountOperation, { kind: 'open' }>): void {
    const program = this.#programs.get(operation.planVersionId);
    assert(program !== undefined, 'every plan version of the tape has a program');
    this.#program = program;
    const account = this.#account;
    account.planVersionId = operation.planVersionId;
    const { period } = operation;
    renewPeriod(account, program.program, {
      atMs: Math.max(operation.atMs, period.startMs),
      ...period,
    });
    this.#terms = {
      priceNanoUsd: this.#priceOf(program, operation.priceNanoUsd),
      accruedNanoUsd: 0,
      fromMs: period.startMs,
      accruedToMs: period.startMs,
    };
    this.#isOpen = true;
  }

  /** What was paid at the time, or what the scenario's plan asks. */
  #priceOf(program: ReplayProgram, paid: NanoUsd): NanoUsd {
    return program.isChanged ? program.plan.priceNanoUsd : paid;
  }

  #move(funds: FundsChange): void {
    if (funds.breakage.bought > 0 && funds.nowMs >= this.#spec.fromMs)
      this.#add(METRIC.breakage, funds.breakage.bought);
  }

  #earn(toMs: number): void {
    const terms = this.#terms;
    const endMs = this.#account.periodEndMs;
    for (const { atMs, amountNanoUsd } of accrue({ ...terms, endMs }, toMs)) {
      terms.accruedNanoUsd += amountNanoUsd;
      if (atMs >= this.#spec.fromMs) this.#add(METRIC.subscription, amountNanoUsd);
    }
    terms.accruedToMs = Math.max(terms.accruedToMs, Math.min(toMs, endMs));
  }

  #extend(operation: Extract<AccountOperation, { kind: 'extend' }>): void {
    const open = this.#open.get(operation.event);
    if (open === undefined) return;
    // Whether a gate over everyone had room for more is taken as it was.
    const { everyoneGates } = open.program.program;
    if (!operation.extended && everyoneGates.length > 0) {
      this.#account.seq++;
      return;
    }
    for (const gate of everyoneGates) {
      const slice = this.#shared?.find(gate.key);
      if (slice !== undefined) slice.leased = AMPLE;
    }
    const requestId = `req${operation.event}` as Id<'request'>;
    const { atMs, upTo } = operation;
    const scopes = this.#heldScopes(operation.event);
    extend(this.#account, open.program.program, { atMs, requestId, upTo }, scopes, this.#extension);
  }

  /** As admission gives back: last payer first, and one number in the sequence for all of it. */
  #refund(event: number, atMs: number, amount: NanoUsd | undefined, newCharge?: number): void {
    const paid = this.#payments.get(event);
    if (event === NO_EVENT || paid === undefined || paid.length === 0) {
      this.#account.seq++;
      return;
    }
    const whole = paid.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0);
    const wanted = newCharge === undefined ? (amount ?? whole) : Math.max(0, whole - newCharge);
    const { back, kept } = takeBack(paid, Math.min(whole, wanted));
    this.#payments.set(event, kept);
    const { seq } = this.#account;
    let revenue = 0;
    for (const { payer, amountNanoUsd, expiresAtMs } of back) {
      refund(this.#account, {
        atMs,
        payer,
        amountNanoUsd: nanoUsd(amountNanoUsd),
        expiresAtMs,
        admittedAtMs: this.#event.atMs[event] ?? 0,
      });
      if (payer === 'bought' || payer === 'overage') revenue += amountNanoUsd;
    }
    this.#account.seq = seq + 1;
    if (atMs >= this.#spec.fromMs) this.#add(METRIC.refunded, revenue);
  }
}

/**
 * What a plan's tariff asks for a derived cost. Rates of the operator's own are not known for what
 * another class would have used; at cost is the least that they would be.
 */
function tariffOf({ markupPerMille }: ReplayProgram, cost: number): number {
  return markupPerMille < 0 ? cost : roundHalfEvenSafe(cost * markupPerMille);
}

function scopeOf(scopes: Map<number, ScopeState>, id: number): ScopeState {
  let scope = scopes.get(id);
  if (scope === undefined) scopes.set(id, (scope = new ScopeState()));
  return scope;
}

/** A share in [0, 1) that depends on seed and number alone. */
export function hashShare(seed: number, number: number): number {
  let x =
    (Math.imul(number ^ (number >>> 16), 0x45d9f3b) ^ Math.imul(seed + 0x9e3779b9, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}
