/** So many requests stand in one stretch at most: few enough that their columns stay in the nearest cache. */
export const STRETCH_MAX = 128;

/** In the place of a class: this request is not to be taken in a stretch. */
export const ONE_BY_ONE = 255;

/** Who pays a request of a stretch, all of it. */
export const PAYER = { nobody: 0, allowance: 1, promotional: 2, bought: 3, overage: 4 } as const;

/**
 * Requests of one account, column by column, each of which ends before the next one is decided; and what
 * came of them. See `liveStretch`. Money is nano-dollars.
 */
export class Stretch {
  /** When it was asked, and when it ended. */
  readonly atMs = new Float64Array(STRETCH_MAX);
  readonly endedMs = new Float64Array(STRETCH_MAX);
  /** The program's number of the class that is asked for and has capacity, or {@link ONE_BY_ONE}. */
  readonly classIndex = new Uint8Array(STRETCH_MAX);
  /** What that class takes at the worst. */
  readonly tokensHeld = new Float64Array(STRETCH_MAX);
  readonly costHeld = new Float64Array(STRETCH_MAX);
  readonly chargeHeld = new Float64Array(STRETCH_MAX);
  /** What was used. */
  readonly tokens = new Float64Array(STRETCH_MAX);
  readonly cost = new Float64Array(STRETCH_MAX);
  readonly charge = new Float64Array(STRETCH_MAX);

  // What came of it.
  /** The account's time at the decision. */
  readonly nowMs = new Float64Array(STRETCH_MAX);
  /** The gate that made credits or overage pay, or slowed; -1 = none. */
  readonly gate = new Int8Array(STRETCH_MAX);
  readonly slow = new Uint8Array(STRETCH_MAX);
  /** What was held in money, what was paid in the end, and by whom: see {@link PAYER}. */
  readonly held = new Float64Array(STRETCH_MAX);
  readonly paid = new Float64Array(STRETCH_MAX);
  readonly payer = new Uint8Array(STRETCH_MAX);
}
