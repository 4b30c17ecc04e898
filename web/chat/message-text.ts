import type { Part } from '#chat/part.ts';

/** All text of a message, as it is copied and edited. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
