import type { Id } from '#base/id.ts';
import { type NanoUsd, roundHalfEvenSafe } from '#base/money.ts';
import type { Candidate, DecisionRequest } from '#plans/decision.ts';
import { ONE_BY_ONE, type Stretch, type StretchClass, UNKNOWN_USE } from '#plans/stretch.ts';
import { costAt, heldAt } from './class-prices.ts';
import type { ReplayProgram } from './replay-program.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { type CandidateColumns, type EventColumns, EVIDENCE, NONE, type Tape } from './tape.ts';

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

/** Of a request that ends as soon as it is decided: no other is open by that name. */
const LIFECYCLE_ID = 'req' as Id<'request'>;
const MEMBER = 'member' as Id<'member'>;
const KEY = 'key' as Id<'apiKey'>;
const CANDIDATES_MAX = 17;

/**
 * What the kernel is asked about an event, and told of its end: as the books have it, or as the
 * scenario's plans and prices make it. Both are the same objects, filled anew for each event.
 */
export class ReplayRequest {
  readonly #spec: ReplaySpec;
  readonly #event: EventColumns;
  readonly #candidate: readonly CandidateColumns[];
  readonly #reprices: boolean;
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
  readonly actual: WritableAmounts = {
    tokens: 0,
    costNanoUsd: 0 as NanoUsd,
    chargeNanoUsd: 0 as NanoUsd,
  };
  readonly ending = { atMs: 0, requestId: LIFECYCLE_ID, actual: this.actual };

  /** Bit n: events of evidence n are not taken in a stretch: what used nothing, and what cannot be compared. */
  readonly #apart: number;

  constructor(tape: Tape, spec: ReplaySpec) {
    this.#spec = spec;
    const { voided, superseded, partial } = EVIDENCE;
    this.#apart = (1 << voided) | (spec.recorded ? (1 << superseded) | (1 << partial) : 0);
    this.#event = tape.columns.event;
    this.#candidate = tape.columns.candidate;
    this.#reprices = spec.modelRates.some((rates) => rates !== undefined);
  }

  /** The request of an event. @param isFused it ends at once */
  ask(program: ReplayProgram, i: number, atMs: number, isFused: boolean): DecisionRequest {
    const request = this.#request;
    request.atMs = atMs;
    request.requestId = isFused ? LIFECYCLE_ID : requestIdOf(this.#event.seq[i] ?? 0);
    if (this.#spec.recorded) this.#recordedCandidates(program, i);
    else this.#scenarioCandidates(program, i);
    return this.sentBy(program, i);
  }

  /** Who sent an event, as far as the plan asks, in the request that {@link ask} has filled last. */
  sentBy(program: ReplayProgram, i: number): DecisionRequest {
    const request = this.#request;
    const event = this.#event;
    const cap = event.keyCap[i] ?? -1;
    const member = program.needsMember ? (event.member[i] ?? 0) : 0;
    const key = program.needsKey || cap >= 0 ? (event.key[i] ?? 0) : 0;
    request.memberId = member > 0 ? MEMBER : undefined;
    request.keyId = key > 0 ? KEY : undefined;
    request.keyCapNanoUsd = key > 0 && cap >= 0 ? (cap as NanoUsd) : undefined;
    return request as DecisionRequest;
  }

  /** Up to which event, at most `end`, the sender is the same in all that the plan asks. */
  sameSenderUpTo(program: ReplayProgram, from: number, end: number): number {
    const { member, key, keyCap } = this.#event;
    const cap = keyCap[from] ?? -1;
    const ofMember = program.needsMember ? (member[from] ?? 0) : -1;
    const ofKey = program.needsKey || cap >= 0 ? (key[from] ?? 0) : -1;
    for (let i = from + 1; i < end; i++) {
      if (keyCap[i] !== cap) return i;
      if (ofMember >= 0 && member[i] !== ofMember) return i;
      if (ofKey >= 0 && key[i] !== ofKey) return i;
    }
    return end;
  }

  #recordedCandidates(program: ReplayProgram, i: number): void {
    const count = this.#event.candidates[i] ?? 0;
    for (let n = 0; n < count; n++) {
      const each = this.#pool[n];
      const candidate = this.#candidate[n];
      if (each === undefined || candidate === undefined) break;
      each.className = program.names[candidate.className[i] ?? 0] ?? '';
      each.available = candidate.available[i] === 1;
      each.quote.tokens = candidate.tokens[i] ?? 0;
      each.quote.costNanoUsd = (candidate.cost[i] ?? 0) as NanoUsd;
      each.quote.chargeNanoUsd = (candidate.charge[i] ?? 0) as NanoUsd;
    }
    this.#request.candidates = this.#lists[count] ?? [];
  }

  /** The asked class and those that the scenario's gates may send it to, with recorded quotes where there are any. */
  #scenarioCandidates(program: ReplayProgram, i: number): void {
    const chain = program.chains[this.#event.classAsked[i] ?? 0] ?? [];
    for (let n = 0; n < chain.length; n++) {
      const each = this.#pool[n];
      if (each === undefined) break;
      this.#quoteIn(program, i, chain[n] ?? 0, each);
    }
    this.#request.candidates = this.#lists[chain.length] ?? [];
  }

  /** What a class would take at the worst: what the books have, or in a scenario what is derived. */
  #quoteIn(program: ReplayProgram, i: number, classIndex: number, each: WritableCandidate): void {
    const count = this.#event.candidates[i] ?? 0;
    each.className = program.names[classIndex] ?? '';
    let at = 0;
    while (at < count && this.#candidate[at]?.className[i] !== classIndex) at++;
    const candidate = at < count ? this.#candidate[at] : undefined;
    if (candidate === undefined) {
      if (this.#spec.recorded) each.available = false;
      else this.#deriveQuote(program, i, classIndex, each);
      return;
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

  #deriveQuote(
    program: ReplayProgram,
    i: number,
    classIndex: number,
    each: WritableCandidate,
  ): void {
    const price = this.#spec.classPrices[classIndex];
    each.available = price?.rates !== undefined;
    if (price?.rates === undefined) return;
    const input = Math.min(this.#event.inputBound[i] ?? 0, price.contextTokensMax);
    each.quote.tokens = input + price.outputTokensHeld;
    const cost = heldAt(price.rates, input, price.outputTokensHeld);
    each.quote.costNanoUsd = cost as NanoUsd;
    each.quote.chargeNanoUsd = tariffOf(program, cost) as NanoUsd;
  }

  /**
   * What the request used, served by a class, into {@link actual}: as booked, or derived from the use on
   * record.
   * @returns false where nobody knows what it would cost; it is then booked as nothing
   */
  use(program: ReplayProgram, i: number, served: number): boolean {
    const event = this.#event;
    const actual = this.actual;
    const before = event.classServed[i] ?? NONE;
    const rates = this.#reprices ? this.#spec.modelRates[event.model[i] ?? 0] : undefined;
    if (served === before && rates === undefined) {
      const cost = event.cost[i] ?? 0;
      actual.tokens = event.tokens[i] ?? 0;
      actual.costNanoUsd = cost as NanoUsd;
      actual.chargeNanoUsd = (
        program.hasOtherTariff
          ? roundHalfEvenSafe(cost * program.markupPerMille)
          : (event.tariff[i] ?? 0)
      ) as NanoUsd;
      return true;
    }
    const price = this.#spec.classPrices[served];
    const applied = served === before ? rates : price?.rates;
    if (price === undefined || applied === undefined) {
      actual.tokens = 0;
      actual.costNanoUsd = 0 as NanoUsd;
      actual.chargeNanoUsd = 0 as NanoUsd;
      return false;
    }
    const input = event.input[i] ?? 0;
    const cached = event.inputCached[i] ?? 0;
    const output = event.output[i] ?? 0;
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
    return true;
  }

  /**
   * Fills a stretch with events that end at once, from its beginning: each with the class that it asks for
   * and what that would take and use. What has to be looked at more closely is left to single steps.
   */
  fill(program: ReplayProgram, first: number, count: number, stretch: Stretch): void {
    const { recorded } = this.#spec;
    const { hasOtherTariff, markupPerMille, programClass } = program;
    const event = this.#event;
    const [candidate] = this.#candidate;
    const of = stretch.ofAsked;
    const apart = this.#apart;
    stretch.clear();
    for (let j = 0; j < count; j++) {
      const i = first + j;
      stretch.atMs[j] = event.atMs[i] ?? 0;
      stretch.endedMs[j] = event.settledMs[i] ?? 0;
      const asked = (recorded ? candidate?.className[i] : event.classAsked[i]) ?? NONE;
      if ((apart & (1 << (event.evidence[i] ?? 0))) !== 0) {
        stretch.asked[j] = ONE_BY_ONE;
        continue;
      }
      const isAsBooked =
        candidate !== undefined &&
        !this.#reprices &&
        event.classServed[i] === asked &&
        candidate.className[i] === asked &&
        candidate.available[i] === 1;
      if (!isAsBooked) {
        const isAvailable = this.#fillOne(program, i, j, asked, of);
        stretch.asked[j] = isAvailable ? (programClass[asked] ?? ONE_BY_ONE) : ONE_BY_ONE;
        continue;
      }
      const costHeld = candidate.cost[i] ?? 0;
      const cost = event.cost[i] ?? 0;
      // A class that the plan does not serve is −1 there, and ONE_BY_ONE here.
      stretch.asked[j] = programClass[asked] ?? ONE_BY_ONE;
      of.tokensHeld[j] = candidate.tokens[i] ?? 0;
      of.costHeld[j] = costHeld;
      of.tokens[j] = event.tokens[i] ?? 0;
      of.cost[j] = cost;
      of.chargeHeld[j] = hasOtherTariff
        ? roundHalfEvenSafe(costHeld * markupPerMille)
        : (candidate.charge[i] ?? 0);
      of.charge[j] = hasOtherTariff
        ? roundHalfEvenSafe(cost * markupPerMille)
        : (event.tariff[i] ?? 0);
    }
  }

  /** Fills in what events of a stretch, from one on, would take of a class that they fall back to. */
  fillOther(
    program: ReplayProgram,
    events: { readonly first: number; readonly from: number; readonly count: number },
    stretch: Stretch,
    classIndex: number,
  ): void {
    const { first, from, count } = events;
    const number = program.classes[classIndex] ?? NONE;
    const of = stretch.fill(classIndex);
    for (let j = from; j < count; j++)
      of.available[j] = this.#fillOne(program, first + j, j, number, of) ? 1 : 0;
  }

  /** @returns whether the class has a quote and capacity */
  #fillOne(
    program: ReplayProgram,
    i: number,
    j: number,
    classNumber: number,
    of: StretchClass,
  ): boolean {
    const [each] = this.#pool;
    if (each === undefined || classNumber === NONE) return false;
    this.#quoteIn(program, i, classNumber, each);
    if (!each.available) return false;
    of.tokensHeld[j] = each.quote.tokens;
    of.costHeld[j] = each.quote.costNanoUsd;
    of.chargeHeld[j] = each.quote.chargeNanoUsd;
    of.tokens[j] = this.use(program, i, classNumber) ? this.actual.tokens : UNKNOWN_USE;
    of.cost[j] = this.actual.costNanoUsd;
    of.charge[j] = this.actual.chargeNanoUsd;
    return true;
  }
}

/** The id of a request that stays open for a while. @param seq of its decision, in its account */
export function requestIdOf(seq: number): Id<'request'> {
  return `req${seq}` as Id<'request'>;
}

/**
 * What a plan's tariff asks for a derived cost. Rates of the operator's own are not known for what
 * another class would have used; at cost is the least that they would be.
 */
function tariffOf({ markupPerMille }: ReplayProgram, cost: number): number {
  return markupPerMille < 0 ? cost : roundHalfEvenSafe(cost * markupPerMille);
}
