import type { Id } from '#base/id.ts';

/** A piece of a message. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'search';
      readonly query: string;
      readonly provider: string;
      readonly results: number;
    }
  | Source
  /** Where the text before it leans on a source. */
  | { readonly type: 'citations'; readonly ranges: readonly CitationRange[] }
  | {
      readonly type: 'image' | 'file';
      readonly attachment: Id<'attachment'>;
      readonly name: string;
      readonly mediaType: string;
      readonly bytes: number;
    }
  | ErrorPart;

export interface Source {
  readonly type: 'source';
  /** Counts from 1 within the message. */
  readonly index: number;
  readonly url: string;
  readonly title: string;
  readonly snippet: string;
}

/** UTF-16 offsets into the message's text (all its text parts together), end exclusive. */
export interface CitationRange {
  readonly start: number;
  readonly end: number;
  readonly source: number;
}

/** Why there is no answer, or no more of it. */
export interface ErrorPart {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number | boolean | null>>;
}

/** All text of a message, as it is copied, searched and cited. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** How much there is to show. */
export function charsOf(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, part) =>
      sum + (part.type === 'text' ? part.text.length : part.type === 'reasoning' ? 40 : 80),
    0,
  );
}
