import type { Scopes } from '#plans/counters.ts';
import { ScopeState } from '#plans/scope-state.ts';
import { SharedCounters } from '#plans/shared-counters.ts';
import type { ReplayProgram } from './replay-program.ts';
import { type EventColumns, NO_GATE, NONE } from './tape.ts';

const NO_SCOPES: Scopes = {};
/** More than any slice is ever asked for. */
const AMPLE = 2 ** 52;

/** The counters outside an account that its requests meet: of its members and keys, and of everyone. */
export class ReplayScopes {
  readonly #event: EventColumns;
  readonly #members = new Map<number, ScopeState>();
  readonly #keys = new Map<number, ScopeState>();
  #shared: SharedCounters | undefined;

  constructor(event: EventColumns) {
    this.#event = event;
  }

  reset(): void {
    if (this.#members.size > 0) this.#members.clear();
    if (this.#keys.size > 0) this.#keys.clear();
    this.#shared = undefined;
  }

  /** What a decision of this request needs. */
  ofRequest(program: ReplayProgram, i: number, hasMember: boolean, hasKey: boolean): Scopes {
    const hasEveryone = program.program.everyoneGates.length > 0;
    if (!hasMember && !hasKey && !hasEveryone) return NO_SCOPES;
    if (hasEveryone) this.#takeVerdicts(program, i);
    return {
      member: hasMember ? scopeOf(this.#members, this.#event.member[i] ?? 0) : undefined,
      key: hasKey ? scopeOf(this.#keys, this.#event.key[i] ?? 0) : undefined,
      shared: this.#shared,
    };
  }

  /** Every counter that a hold may stand in: a plan that has since changed may have had more gates. */
  ofHold(i: number): Scopes {
    const member = this.#event.member[i] ?? 0;
    const key = this.#event.key[i] ?? 0;
    return {
      member: member > 0 ? scopeOf(this.#members, member) : undefined,
      key: key > 0 ? scopeOf(this.#keys, key) : undefined,
      shared: this.#shared,
    };
  }

  /** Lets gates over everyone have room for more, as they had. */
  widen(program: ReplayProgram): void {
    for (const gate of program.program.everyoneGates) {
      const slice = this.#shared?.find(gate.key);
      if (slice !== undefined) slice.leased = AMPLE;
    }
  }

  /**
   * A gate over everyone depends on what all others did at that moment, in every process: like
   * capacity, its recorded verdict is taken as given.
   */
  #takeVerdicts({ program, gates, isChanged, programClass }: ReplayProgram, i: number): void {
    const event = this.#event;
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
        (gate.classMask & (1 << (programClass[served] ?? 0))) !== 0 &&
        (counted & (1 << gate.index)) === 0;
      const isFull = wentPast || (stopped !== NO_GATE && gates[gate.index] === stopped);
      shared.put({
        key: gate.key,
        stamp: 1,
        validUntilMs: Number.MAX_SAFE_INTEGER,
        leased: isFull ? 0 : AMPLE,
        used: 0,
        leasedByAll: isFull ? gate.limit : 0,
        limit: gate.limit,
        knownUntilMs: Number.MAX_SAFE_INTEGER,
      });
    }
  }
}

function scopeOf(scopes: Map<number, ScopeState>, id: number): ScopeState {
  let scope = scopes.get(id);
  if (scope === undefined) scopes.set(id, (scope = new ScopeState()));
  return scope;
}
