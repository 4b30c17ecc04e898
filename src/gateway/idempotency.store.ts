import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { seal, unseal } from '#accounts/sealed.ts';
import type { Clock } from '#base/clock.ts';
import { idFromBytes, uuidOf } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { withStore } from '#db/pool.ts';
import type { Caller } from './caller.ts';
import type { IdempotencyClaim, IdempotencyStore, StoredAnswer } from './idempotency.ts';

export interface IdempotencyStoreOptions {
  readonly pool: Pool;
  readonly masterKey: Buffer;
  readonly clock: Clock;
  readonly random: Random;
}

const KEPT_MS = 24 * 60 * 60 * 1_000;
/** A claim is moved on well before it ends; it ends soon after its process does. */
const CLAIM_MS = 30_000;
const RENEW_MS = 10_000;

/** Keeps answers in PostgreSQL, so that every process gives the same one. */
export class PostgresIdempotencyStore implements IdempotencyStore {
  readonly #options: IdempotencyStoreOptions;
  /** Tokens of the claims whose requests run in this process. */
  readonly #running = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IdempotencyStoreOptions) {
    this.#options = options;
  }

  async claim(
    caller: Caller,
    key: string,
    request: { readonly path: string; readonly body: Buffer },
  ): Promise<IdempotencyClaim> {
    const keySha256 = keyHash(caller, key);
    const requestSha256 = sha256(request.path, '\n', request.body);
    // Between losing the insert and reading the winner's row, that row may be given back: then again.
    for (;;) {
      const token = await this.#insert(caller, keySha256, requestSha256);
      if (token !== undefined) {
        this.#renewFromNowOn(token);
        return { kind: 'fresh', token };
      }
      const found = await this.#read(caller, keySha256);
      if (found === undefined) continue;
      if (!found.request_sha256.equals(requestSha256)) return { kind: 'conflict' };
      if (found.answer === null) return { kind: 'in-flight' };
      return { kind: 'replay', answer: this.#open(found.answer, keySha256) };
    }
  }

  async complete(caller: Caller, key: string, token: string, answer: StoredAnswer): Promise<void> {
    this.#running.delete(token);
    const { pool, masterKey, random } = this.#options;
    const keySha256 = keyHash(caller, key);
    const text = JSON.stringify({ ...answer, body: answer.body.toString() });
    const sealed = seal(text, { masterKey, random, context: contextOf(keySha256) });
    await withStore(() =>
      pool.query(
        `UPDATE idempotency_key SET answer = $5
         WHERE book = $1 AND customer_id = $2 AND key_sha256 = $3 AND token = $4`,
        [caller.book, uuidOf(caller.customerId), keySha256, token, sealed],
      ),
    );
  }

  async release(caller: Caller, key: string, token: string): Promise<void> {
    this.#running.delete(token);
    await withStore(() =>
      this.#options.pool.query(
        `DELETE FROM idempotency_key
         WHERE book = $1 AND customer_id = $2 AND key_sha256 = $3 AND token = $4 AND answer IS NULL`,
        [caller.book, uuidOf(caller.customerId), keyHash(caller, key), token],
      ),
    );
  }

  /** Drops what has expired. @returns how many keys. */
  async purge(): Promise<number> {
    const { pool, clock } = this.#options;
    const { rowCount } = await withStore(() =>
      pool.query('DELETE FROM idempotency_key WHERE expires_at <= $1', [new Date(clock.nowMs())]),
    );
    return rowCount ?? 0;
  }

  /** @returns the claim's token; `undefined` where the key is taken. */
  async #insert(
    caller: Caller,
    keySha256: Buffer,
    requestSha256: Buffer,
  ): Promise<string | undefined> {
    const { pool, clock, random } = this.#options;
    const nowMs = clock.nowMs();
    const token = uuidOf(idFromBytes('request', random.bytes(16)));
    const { rows } = await withStore(() =>
      pool.query(
        `INSERT INTO idempotency_key AS k
           (book, customer_id, key_sha256, request_sha256, token, claimed_until, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (book, customer_id, key_sha256) DO UPDATE
           SET request_sha256 = EXCLUDED.request_sha256, token = EXCLUDED.token,
               claimed_until = EXCLUDED.claimed_until, expires_at = EXCLUDED.expires_at, answer = NULL
           WHERE k.expires_at <= $8 OR (k.answer IS NULL AND k.claimed_until <= $8)
         RETURNING token`,
        [
          caller.book,
          uuidOf(caller.customerId),
          keySha256,
          requestSha256,
          token,
          new Date(nowMs + CLAIM_MS),
          new Date(nowMs + KEPT_MS),
          new Date(nowMs),
        ],
      ),
    );
    return rows.length === 0 ? undefined : token;
  }

  async #read(
    caller: Caller,
    keySha256: Buffer,
  ): Promise<{ request_sha256: Buffer; answer: Buffer | null } | undefined> {
    const { rows } = await withStore(() =>
      this.#options.pool.query<{ request_sha256: Buffer; answer: Buffer | null }>(
        `SELECT request_sha256, answer FROM idempotency_key
         WHERE book = $1 AND customer_id = $2 AND key_sha256 = $3`,
        [caller.book, uuidOf(caller.customerId), keySha256],
      ),
    );
    return rows[0];
  }

  #open(sealed: Buffer, keySha256: Buffer): StoredAnswer {
    const text = unseal(sealed, {
      masterKey: this.#options.masterKey,
      context: contextOf(keySha256),
    });
    const answer = JSON.parse(text) as StoredAnswer & { readonly body: string };
    return answer;
  }

  #renewFromNowOn(token: string): void {
    this.#running.add(token);
    this.#timer ??= setInterval(() => void this.#renew(), RENEW_MS).unref();
  }

  /** A failed renewal is tried again; should the claim end meanwhile, the request may run a second time, and is billed for both. */
  async #renew(): Promise<void> {
    if (this.#running.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const { pool, clock } = this.#options;
    await pool
      .query(
        'UPDATE idempotency_key SET claimed_until = $1 WHERE token = ANY($2::uuid[]) AND answer IS NULL',
        [new Date(clock.nowMs() + CLAIM_MS), [...this.#running]],
      )
      .catch(() => undefined);
  }
}

function keyHash(caller: Caller, key: string): Buffer {
  return sha256(caller.keyId ?? '', '\n', key);
}

function contextOf(keySha256: Buffer): string {
  return `idempotency:${keySha256.toString('hex')}`;
}

function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
