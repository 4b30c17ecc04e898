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
  /** Until then the store has no more to lease: a request that does not fit meets a full gate. 0 = not known. */
  exhaustedUntilMs: number;
}

/**
 * How an amount fits into a slice. A short slice is to be leased anew: a larger one, or a smaller one
 * where the limit has become lower, or the same and the word that there is no more.
 */
export function fitInSlice(
  slice: SharedSlice | undefined,
  amount: number,
  limit: number,
  nowMs: number,
): 'fits' | 'short' | 'full' {
  // What was leased under a higher limit may be more than a lower one leaves.
  if (slice === undefined || limit < slice.limit) return 'short';
  if (slice.used + amount <= slice.leased) return 'fits';
  return limit === slice.limit && nowMs < slice.exhaustedUntilMs ? 'full' : 'short';
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
