import type { PlanProgram } from './compile.ts';
import type { DecisionOut, SettleOut } from './decision-out.ts';

/** So many requests stand in one stretch at most: few enough that their columns stay in the nearest cache. */
export const STRETCH_MAX = 128;

/** In the place of a class: this request is not to be taken in a stretch. */
export const ONE_BY_ONE = 255;

/** In the place of tokens: nobody knows what was used. */
export const UNKNOWN_USE = -1;

/** What becomes of a request of a stretch. */
export const VERDICT = { served: 0, fellBack: 1, refusedByGate: 2, refusedByFunds: 3 } as const;

/** Who pays a request of a stretch, all of it. */
export const PAYER = { nobody: 0, allowance: 1, promotional: 2, bought: 3, overage: 4 } as const;

/** What the requests of a stretch take of one class: of the one that each asks for, or of another. */
export class StretchClass {
  /** 0 where it has no capacity. */
  readonly available = new Uint8Array(STRETCH_MAX);
  /** At the worst. */
  readonly tokensHeld = new Float64Array(STRETCH_MAX);
  readonly costHeld = new Float64Array(STRETCH_MAX);
  readonly chargeHeld = new Float64Array(STRETCH_MAX);
  /** In the end; {@link UNKNOWN_USE} in place of the tokens of what cannot be ended here. */
  readonly tokens = new Float64Array(STRETCH_MAX);
  readonly cost = new Float64Array(STRETCH_MAX);
  readonly charge = new Float64Array(STRETCH_MAX);
}

/**
 * Requests of one account, column by column, each of which ends before the next one is decided; and what
 * came of them. See `liveStretch`. Money is nano-dollars.
 */
export class Stretch {
  /** When it was asked, and when it ended. */
  readonly atMs = new Float64Array(STRETCH_MAX);
  readonly endedMs = new Float64Array(STRETCH_MAX);
  /** The program's number of the class that is asked for, or {@link ONE_BY_ONE}. */
  readonly asked = new Uint8Array(STRETCH_MAX);
  readonly ofAsked = new StretchClass();
  /** By the program's class: what a request takes that falls back to it. */
  readonly #ofClass: (StretchClass | undefined)[] = [];
  /** Bit n: the columns of class n are filled. */
  #filled = 0;
  /** The class whose columns are wanted before it can go on; -1 = none. */
  wanted = -1;
  /** True: a refusal says when its gate opens, and nothing after that is taken with it. */
  tellsOpenings = false;

  // What came of it.
  readonly verdict = new Uint8Array(STRETCH_MAX);
  /** The class that serves. */
  readonly served = new Uint8Array(STRETCH_MAX);
  /** The account's time at the decision. */
  readonly nowMs = new Float64Array(STRETCH_MAX);
  /** As in a decision; -1 = none. */
  readonly gate = new Int8Array(STRETCH_MAX);
  readonly slow = new Uint8Array(STRETCH_MAX);
  readonly opensAtMs = new Float64Array(STRETCH_MAX);
  /** What was held in money, what was paid in the end, and by whom: see {@link PAYER}. */
  readonly held = new Float64Array(STRETCH_MAX);
  readonly paid = new Float64Array(STRETCH_MAX);
  readonly payer = new Uint8Array(STRETCH_MAX);

  /** Begins anew: no class but the asked one is filled. */
  clear(): void {
    this.#filled = 0;
  }

  /** The columns of a class, to be filled. */
  fill(classIndex: number): StretchClass {
    this.#filled |= 1 << classIndex;
    return (this.#ofClass[classIndex] ??= new StretchClass());
  }

  /** What a request takes that falls back to a class; `undefined` where that is not filled. */
  ofClass(classIndex: number): StretchClass | undefined {
    return (this.#filled & (1 << classIndex)) === 0 ? undefined : this.#ofClass[classIndex];
  }

  /** The columns that what became of a request stands in. */
  columnsOf(j: number): StretchClass {
    const fellBack = this.verdict[j] === VERDICT.fellBack;
    return (fellBack ? this.#ofClass[this.served[j] ?? 0] : undefined) ?? this.ofAsked;
  }

  /** Says of one request what `decide` and `settle` would have said, but for lots and sequence. */
  tell(j: number, program: PlanProgram, decision: DecisionOut, settlement: SettleOut): void {
    const verdict = this.verdict[j] ?? 0;
    decision.clear(this.nowMs[j] ?? 0);
    decision.gate = this.gate[j] ?? -1;
    settlement.clear(this.endedMs[j] ?? 0);
    if (verdict >= VERDICT.refusedByGate) {
      decision.reason = verdict === VERDICT.refusedByGate ? 'gate' : 'funds';
      if (decision.gate >= 0) decision.resetsAtMs[decision.gate] = this.opensAtMs[j] ?? 0;
      return;
    }
    const paid = this.paid[j] ?? 0;
    const payer = this.payer[j];
    decision.verdict = 'admitted';
    decision.classIndex = this.served[j] ?? 0;
    decision.fallback = verdict === VERDICT.fellBack ? 'gate' : 'none';
    decision.slow = this.slow[j] === 1;
    decision.heldChargeNanoUsd = this.held[j] ?? 0;
    settlement.found = true;
    settlement.className = program.classNames[decision.classIndex] ?? '';
    settlement.heldChargeNanoUsd = decision.heldChargeNanoUsd;
    settlement.chargeNanoUsd = paid;
    if (payer === PAYER.allowance) settlement.allowanceNanoUsd = paid;
    else if (payer === PAYER.promotional) settlement.promotionalNanoUsd = paid;
    else if (payer === PAYER.bought) settlement.boughtNanoUsd = paid;
    else if (payer === PAYER.overage) settlement.overageNanoUsd = paid;
  }
}
