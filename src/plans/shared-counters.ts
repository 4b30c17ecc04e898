/**
 * Gates of scope everyone that have one id, unit and window are one counter, also across plans: a cap
 * on the whole installation stands in every plan, a cap on a plan has an id of its own.
 *
 * This process's slice of a gate of scope *everyone*: how much of the limit it has leased and may
 * admit without asking the store again. Admission leases and returns slices; the kernel only spends them.
 */
export interface SharedSlice {
  /** `CompiledGate.key`. */
  readonly key: number;
  /** Names the lease's window; a hold that ends in another window changes nothing. */
  stamp: number;
  /** The slice ends here: at the end of its calendar window, or of its sub-bucket where the window rolls. */
  validUntilMs: number;
  /** May be less than is used, where the limit has become lower. */
  leased: number;
  used: number;
  /** Leased by all processes, this one included, when the slice was last leased. */
  leasedByAll: number;
  /** The limit it was leased under. Plans that share a counter may set it different limits. */
  limit: number;
  /** Until then what others have leased is taken to be as it was: what does not fit beside it meets a full gate. */
  knownUntilMs: number;
}

/**
 * How an amount fits into a slice, beside what others have leased. A short slice is to be leased anew: a
 * larger one, or under a lower limit than before. Who asks under a lower limit than the slice was leased
 * under is told of a full gate too, so that requests of plans with several limits for one counter do not
 * each wait for a lease that the next one's replaces.
 */
export function fitInSlice(
  slice: SharedSlice | undefined,
  amount: number,
  limit: number,
  nowMs: number,
): 'fits' | 'short' | 'full' {
  if (slice === undefined) return 'short';
  const wanted = slice.used + amount;
  // What was leased under a higher limit may be more than a lower one leaves.
  const isWithin = slice.leasedByAll - slice.leased + wanted <= limit;
  if (isWithin && wanted <= slice.leased && limit >= slice.limit) return 'fits';
  return !isWithin && nowMs < slice.knownUntilMs ? 'full' : 'short';
}

/** The slices of one process, by gate key. */
export class SharedCounters {
  readonly #slices: SharedSlice[] = [];

  find(key: number): SharedSlice | undefined {
    for (const slice of this.#slices) if (slice.key === key) return slice;
    return undefined;
  }

  /** Puts a lease in the place of an older one. */
  put(slice: SharedSlice): void {
    const index = this.#slices.findIndex((other) => other.key === slice.key);
    if (index < 0) this.#slices.push({ ...slice });
    else this.#slices[index] = { ...slice };
  }

  all(): readonly Readonly<SharedSlice>[] {
    return this.#slices;
  }

  copyFrom(other: SharedCounters): void {
    this.#slices.length = 0;
    for (const slice of other.#slices) this.#slices.push({ ...slice });
  }

  clone(): SharedCounters {
    const copy = new SharedCounters();
    copy.copyFrom(this);
    return copy;
  }
}
