import type { AccountRecord } from './account-record.ts';

/** Records kept for the next drafts: about as many as one batch changes. */
const SPARES_MAX = 1024;

interface Entry {
  record: AccountRecord;
  /** Used since it was last looked at for a place to free. */
  isRecent: boolean;
}

/**
 * Records of accounts as they were committed last. Whether one is still good is decided under the
 * account's lock, by its version. A batch works on drafts, whose memory is that of records which were
 * replaced by the batches before.
 *
 * Where it is full, the first record in turn goes that was not used since its last turn (the second
 * chance algorithm): an exact order of use would have to be rewritten at each request.
 */
export class AccountCache {
  readonly #entries = new Map<string, Entry>();
  readonly #spares: AccountRecord[] = [];
  readonly #sizeMax: number;
  #hand: Iterator<[string, Entry]>;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
    this.#hand = this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): AccountRecord | undefined {
    return this.#entries.get(key)?.record;
  }

  /** A copy to work on: changing it changes nothing until {@link keep}. */
  draft(committed: AccountRecord): AccountRecord {
    const spare = this.#spares.pop();
    if (spare === undefined) return committed.clone();
    spare.copyFrom(committed);
    return spare;
  }

  /** Takes over how an account stands. */
  keep(key: string, committed: AccountRecord): void {
    committed.rest();
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.record = committed;
      entry.isRecent = true;
      return;
    }
    if (this.#entries.size >= this.#sizeMax) this.#freeOne();
    this.#entries.set(key, { record: committed, isRecent: true });
  }

  /** Takes back a record that nobody refers to any more: a draft not kept, or what a draft replaced. */
  recycle(record: AccountRecord): void {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(record);
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }

  #freeOne(): void {
    // Two rounds at most: the first one takes the chance from whoever had it.
    for (let looks = 0; looks <= 2 * this.#entries.size; looks++) {
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = this.#entries.entries();
        continue;
      }
      const [key, entry] = next.value;
      if (!entry.isRecent) {
        this.#entries.delete(key);
        return;
      }
      entry.isRecent = false;
    }
  }
}
