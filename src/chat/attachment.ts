import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';

/** A file that a member gave to the chat. */
export interface Attachment {
  readonly id: Id<'attachment'>;
  readonly name: string;
  readonly kind: 'image' | 'text';
  readonly mediaType: string;
  readonly content: Buffer;
}

export const ATTACHMENT_BYTES_MAX = 3 * 1024 * 1024;
/** A text is read by the model whole. */
export const TEXT_BYTES_MAX = 512 * 1024;
export const ATTACHMENTS_PER_MESSAGE_MAX = 10;

const SIGNATURES: readonly (readonly [string, (bytes: Buffer) => boolean])[] = [
  ['image/png', (bytes) => bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))],
  ['image/jpeg', (bytes) => bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))],
  ['image/gif', (bytes) => /^GIF8[79]a/.test(bytes.toString('latin1', 0, 6))],
  [
    'image/webp',
    (bytes) =>
      bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  ],
];

/**
 * What a file is by its content; its name and announced type say nothing.
 * @throws DomainError `body_too_large`, `invalid_request` (neither image nor text)
 */
export function inspectAttachment(content: Buffer): Pick<Attachment, 'kind' | 'mediaType'> {
  if (content.length === 0)
    throw new DomainError('invalid_request', 'The file is empty.', { field: 'file' });
  if (content.length > ATTACHMENT_BYTES_MAX) throw tooLarge(ATTACHMENT_BYTES_MAX);
  const image = imageTypeOf(content);
  if (image) return { kind: 'image', mediaType: image };
  if (!isText(content))
    throw new DomainError(
      'invalid_request',
      'Only images (PNG, JPEG, GIF, WebP), PDFs with text in them, and text files can be attached.',
      { field: 'file' },
    );
  if (content.length > TEXT_BYTES_MAX) throw tooLarge(TEXT_BYTES_MAX);
  return { kind: 'text', mediaType: 'text/plain; charset=utf-8' };
}

/** What picture these bytes are; `undefined` where they are none that is taken. */
export function imageTypeOf(content: Buffer): string | undefined {
  return SIGNATURES.find(([, matches]) => matches(content))?.[0];
}

function isText(content: Buffer): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}

function tooLarge(bytesMax: number): DomainError {
  const text = bytesMax >= 1024 * 1024 ? `${bytesMax / 1024 / 1024} MB` : `${bytesMax / 1024} KB`;
  return new DomainError('body_too_large', `Such a file may have at most ${text}.`, {
    field: 'file',
    facts: { bytesMax },
  });
}
