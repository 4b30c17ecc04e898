import type { AccountRecord } from './account-record.ts';

/** Records kept for the next drafts: about as many as one batch changes. */
const SPARES_MAX = 1024;

/**
 * Records of accounts as they were committed last, the most recently used ones. Whether one is still
 * good is decided under the account's lock, by its version. A batch works on drafts, whose memory is
 * that of records which were replaced by the batches before.
 */
export class AccountCache {
  readonly #records = new Map<string, AccountRecord>();
  readonly #spares: AccountRecord[] = [];
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): AccountRecord | undefined {
    return this.#records.get(key);
  }

  /** A copy to work on: changing it changes nothing until {@link keep}. */
  draft(committed: AccountRecord): AccountRecord {
    const spare = this.#spares.pop();
    if (spare === undefined) return committed.clone();
    spare.copyFrom(committed);
    return spare;
  }

  /** Takes over how an account stands, as the most recently used one. */
  keep(key: string, committed: AccountRecord): void {
    this.#records.delete(key);
    this.#records.set(key, committed);
    if (this.#records.size <= this.#sizeMax) return;
    const oldest = this.#records.keys().next();
    if (oldest.done !== true) this.#records.delete(oldest.value);
  }

  /** Takes back a record that nobody refers to any more: a draft not kept, or what a draft replaced. */
  recycle(record: AccountRecord): void {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(record);
  }

  drop(key: string): void {
    this.#records.delete(key);
  }
}
