import { createCipheriv, createDecipheriv } from 'node:crypto';
import { DomainError } from '#base/domain-error.ts';
import type { Random } from '#base/random.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM: nonce, tag, ciphertext in one buffer.
 * @param context bound to the ciphertext, so that one row's secret cannot be put into another row.
 */
export function seal(
  plain: string,
  options: { masterKey: Buffer; context: string; random: Random },
): Buffer {
  const nonce = options.random.bytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', options.masterKey, nonce);
  cipher.setAAD(Buffer.from(options.context));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/**
 * Decrypts what {@link seal} made.
 * @throws DomainError `invalid_configuration` where the master key or the context is another one.
 */
export function unseal(sealed: Buffer, options: { masterKey: Buffer; context: string }): string {
  const decipher = createDecipheriv(
    'aes-256-gcm',
    options.masterKey,
    sealed.subarray(0, NONCE_BYTES),
  );
  decipher.setAAD(Buffer.from(options.context));
  decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const plain = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new DomainError(
      'invalid_configuration',
      'A stored secret cannot be opened: the master key is not the one it was sealed with.',
      { cause },
    );
  }
}
