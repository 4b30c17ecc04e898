import type { Id } from '#base/id.ts';
import type { CitationRange, ErrorPart, Part, Source } from './part.ts';
import type { Taking } from './taking.ts';

/** How a generation, and with it its message, can end. */
export type EndStatus = 'complete' | 'stopped' | 'interrupted' | 'cut' | 'failed';

/** One entry of a generation's log. A follower who knows all entries up to a number knows the answer so far. */
export type LogEntry =
  /** The money is held, and this model answers. */
  | {
      readonly type: 'admitted';
      readonly model: string;
      readonly class: string;
      /** The gate because of which another class serves than was asked for. */
      readonly fallbackGate?: string | undefined;
    }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | {
      readonly type: 'search';
      readonly query: string;
      readonly provider: string;
      readonly results: number;
    }
  | Source
  | { readonly type: 'citations'; readonly ranges: readonly CitationRange[] }
  | ErrorPart
  | {
      readonly type: 'end';
      readonly status: EndStatus;
      readonly taking?: Taking | undefined;
      readonly requestId?: Id<'request'> | undefined;
    };

export interface NumberedEntry {
  readonly seq: number;
  readonly entry: LogEntry;
}

/** The parts that a message holds after a log: neighbouring pieces of text or reasoning are one part. */
export function partsOf(base: readonly Part[], entries: readonly LogEntry[]): readonly Part[] {
  const parts: Part[] = [...base];
  for (const entry of entries) {
    if (entry.type === 'admitted' || entry.type === 'end') continue;
    const last = parts.at(-1);
    if (entry.type === 'text' && last?.type === 'text')
      parts[parts.length - 1] = { type: 'text', text: last.text + entry.text };
    else if (entry.type === 'reasoning' && last?.type === 'reasoning')
      parts[parts.length - 1] = { type: 'reasoning', text: last.text + entry.text };
    else parts.push(entry);
  }
  return parts;
}
