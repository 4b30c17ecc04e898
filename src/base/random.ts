import { randomFillSync } from 'node:crypto';

/** Randomness, passed in so that a seed reproduces a run. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  below(bound: number): number;
  bytes(length: number): Uint8Array;
}

/** Draws are cut from a pool: one call of the system's generator serves 256 ids. */
const POOL_BYTES = 4096;

class SystemRandom implements Random {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  next(): number {
    const bytes = this.bytes(7);
    let value = (bytes[6] ?? 0) & 0x1f;
    for (let i = 5; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
    return value / 2 ** 53;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  bytes(length: number): Uint8Array {
    if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
    if (this.#used + length > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const out = Uint8Array.prototype.slice.call(this.#pool, this.#used, this.#used + length);
    this.#used += length;
    return out;
  }
}

/** Cryptographic randomness of the machine. */
export const systemRandom: Random = new SystemRandom();

/**
 * A reproducible generator (sfc32, from PractRand): not for secrets.
 * Equal seeds give equal sequences on every platform.
 */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const uint32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) uint32();
  const next = (): number => (uint32() * 2 ** 21 + (uint32() >>> 11)) / 2 ** 53;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    bytes(length) {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) out[i] = uint32() & 255;
      return out;
    },
  };
}

/** Puts values in a random order (Fisher–Yates), in place. */
export function shuffle<Each>(
  values: { [index: number]: Each; readonly length: number },
  random: Random,
): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const last = values[i] as Each;
    values[i] = values[j] as Each;
    values[j] = last;
  }
}
