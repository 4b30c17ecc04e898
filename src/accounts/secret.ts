import { createHash } from 'node:crypto';
import type { Book } from '#base/book.ts';
import type { Random } from '#base/random.ts';

/** A new secret: the text to show once, and what is stored of it. */
export interface NewSecret {
  readonly secret: string;
  /** Enough to recognise a key by, far too little to guess it. */
  readonly prefix: string;
  readonly sha256: Buffer;
}

const SECRET_BYTES = 32;
const PREFIX_CHARACTERS = 8;

/** Mints the secret of an API key: `sk-be-…`, and `sk-be-test-…` where its use is never billed. */
export function newApiKeySecret(book: Book, random: Random): NewSecret {
  return newSecret(book === 'live' ? 'sk-be-' : `sk-be-${book}-`, random);
}

/** Mints the secret of an operator's key: `op-be-…`. */
export function newOperatorSecret(random: Random): NewSecret {
  return newSecret('op-be-', random);
}

function newSecret(label: string, random: Random): NewSecret {
  const body = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
  const secret = label + body;
  return {
    secret,
    prefix: label + body.slice(0, PREFIX_CHARACTERS),
    sha256: secretSha256(secret),
  };
}

/** What is stored and looked up of a secret. */
export function secretSha256(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Mints the secret of a set-up address or an invitation. */
export function newOneTimeSecret(random: Random): NewSecret {
  return newSecret('once-be-', random);
}
