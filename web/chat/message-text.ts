import type { Part } from '#chat/part.ts';

/** All text of a message, as it is copied and edited. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** The text of a message in the strings that it is kept in: of one that grows, only the last is new. */
export function textsOf(parts: readonly Part[]): readonly string[] {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
}

/** What was thought, in the same manner; a blank line stands where something else came in between. */
export function thoughtsOf(parts: readonly Part[]): readonly string[] {
  const texts: string[] = [];
  let before: Part | undefined;
  for (const part of parts) {
    if (part.type === 'reasoning') {
      if (texts.length > 0 && before?.type !== 'reasoning') texts.push('\n\n');
      texts.push(part.text);
    }
    before = part;
  }
  return texts;
}
