import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { uuidOf } from '#base/id.ts';
import { findApiKeyBySecret, type ApiKey } from './api-keys.store.ts';
import { secretSha256 } from './secret.ts';

export interface KeyDirectoryOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** How long an answer is trusted where no notification arrives. */
  readonly maxAgeMs?: number;
  readonly entriesMax?: number;
  /** Whether a change would be told right now; then an answer is trusted for {@link toldMaxAgeMs}. */
  readonly isTold?: () => boolean;
  readonly toldMaxAgeMs?: number;
}

interface Entry {
  readonly key: ApiKey;
  readonly readAtMs: number;
}

const SECRET_SHAPE = /^sk-be-[A-Za-z0-9_-]{43,60}$/;

/**
 * Finds the key that a secret belongs to, from memory where it was seen before.
 *
 * States of an entry: absent → read (one query, shared by all who ask meanwhile) → trusted until it is
 * older than `maxAgeMs` or {@link KeyDirectory.forget} is told that it changed. A revocation reaches
 * every process by notification within a second, and without one after `maxAgeMs` at the latest: only
 * while notifications are known to arrive is an answer trusted for longer, since reading ten thousand
 * keys again every half minute takes a tenth of a busy process's time.
 * Unknown secrets are not remembered, so that guessing cannot push known ones out.
 */
export class KeyDirectory {
  readonly #entries = new Map<string, Entry>();
  readonly #reading = new Map<string, Promise<ApiKey | undefined>>();
  readonly #options: Required<KeyDirectoryOptions>;

  constructor(options: KeyDirectoryOptions) {
    this.#options = {
      maxAgeMs: 30_000,
      entriesMax: 50_000,
      isTold: () => false,
      toldMaxAgeMs: 3_600_000,
      ...options,
    };
  }

  /**
   * The key in force that a secret belongs to.
   * @returns the key itself where it is in memory, so that the hot path need not wait a tick.
   * @throws DomainError `unauthenticated`, `key_revoked`, `store_unavailable`.
   */
  authenticate(secret: string): ApiKey | Promise<ApiKey> {
    const entry = this.#entries.get(secret);
    const nowMs = this.#options.clock.nowMs();
    if (entry && this.#isTrusted(nowMs - entry.readAtMs)) return inForce(entry.key, nowMs);
    return this.#read(secret);
  }

  #isTrusted(ageMs: number): boolean {
    const { maxAgeMs, toldMaxAgeMs, isTold } = this.#options;
    return ageMs < maxAgeMs || (ageMs < toldMaxAgeMs && isTold());
  }

  /** Drops a key by its UUID, or everything, because it changed or because notifications were missed. */
  forget(keyUuid?: string): void {
    if (keyUuid === undefined) {
      this.#entries.clear();
      return;
    }
    for (const [secret, { key }] of this.#entries) {
      if (uuidOf(key.id) === keyUuid) this.#entries.delete(secret);
    }
  }

  /** Drops what is known of a customer's keys, by the customer's UUID. */
  forgetCustomer(customerUuid: string): void {
    for (const [secret, { key }] of this.#entries) {
      if (uuidOf(key.customerId) === customerUuid) this.#entries.delete(secret);
    }
  }

  async #read(secret: string): Promise<ApiKey> {
    if (!SECRET_SHAPE.test(secret)) throw unknownKey();
    let reading = this.#reading.get(secret);
    if (!reading) {
      reading = findApiKeyBySecret(this.#options.pool, secretSha256(secret)).finally(() =>
        this.#reading.delete(secret),
      );
      this.#reading.set(secret, reading);
    }
    const key = await reading;
    if (!key) {
      this.#entries.delete(secret);
      throw unknownKey();
    }
    const nowMs = this.#options.clock.nowMs();
    this.#remember(secret, { key, readAtMs: nowMs });
    return inForce(key, nowMs);
  }

  #remember(secret: string, entry: Entry): void {
    this.#entries.delete(secret);
    this.#entries.set(secret, entry);
    if (this.#entries.size <= this.#options.entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function inForce(key: ApiKey, nowMs: number): ApiKey {
  if (key.revokedAt && key.revokedAt.getTime() <= nowMs) {
    throw new DomainError('key_revoked', `The API key ${key.prefix}… was revoked.`);
  }
  if (key.expiresAt && key.expiresAt.getTime() <= nowMs) {
    throw new DomainError('key_revoked', `The API key ${key.prefix}… has expired.`);
  }
  return key;
}

function unknownKey(): DomainError {
  return new DomainError('unauthenticated', 'The API key is missing or not known here.');
}
