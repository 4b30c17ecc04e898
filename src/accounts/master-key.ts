import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#base/domain-error.ts';
import type { Random } from '#base/random.ts';

const KEY_BYTES = 32;

/**
 * The installation's master key: read from `master.key` in the data directory, made there on the
 * first start with mode 0600. It is no part of a backup: who restores elsewhere brings it along or
 * enters the suppliers' keys again.
 * @throws DomainError `invalid_configuration` where the file does not hold a key.
 */
export function masterKeyIn(dataDir: string, random: Random): Buffer {
  const path = join(dataDir, 'master.key');
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true });
    const key = Buffer.from(random.bytes(KEY_BYTES));
    writeFileSync(path, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
    return key;
  }
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new DomainError('invalid_configuration', `${path} does not hold 64 hexadecimal digits.`);
  }
  return Buffer.from(text, 'hex');
}
