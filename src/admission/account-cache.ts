import type { AccountRecord } from './account-record.ts';

/**
 * Records of accounts as they were committed last, the most recently used ones. Whether one is still
 * good is decided under the account's lock, by its version. Each entry keeps a second record of the
 * same account that batches work on, so that a batch copies into memory that is there already.
 */
export class AccountCache {
  readonly #entries = new Map<string, CachedAccount>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): AccountRecord | undefined {
    return this.#entries.get(key)?.committed;
  }

  /** A copy to work on: changing it changes nothing until {@link keep}. */
  draft(key: string, committed: AccountRecord): AccountRecord {
    const entry = this.#entries.get(key);
    if (entry?.committed !== committed || entry.spare === undefined) return committed.clone();
    const draft = entry.spare;
    entry.spare = undefined;
    draft.copyFrom(committed);
    return draft;
  }

  /** Takes over what was committed; `previous` is what the draft was copied from. */
  keep(key: string, committed: AccountRecord, previous: AccountRecord | undefined): void {
    this.#entries.delete(key);
    this.#entries.set(key, { committed, spare: previous });
    if (this.#entries.size <= this.#sizeMax) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }
}

interface CachedAccount {
  readonly committed: AccountRecord;
  spare: AccountRecord | undefined;
}
