import type { QuoteShare } from '#chat/quote-shares.ts';

/** What a message may be charged, or take of the plan's limits. */
export interface QuoteRange {
  readonly minNanoUsd: number;
  readonly expectedNanoUsd: number;
  readonly maxNanoUsd: number;
  readonly shares: readonly QuoteShare[];
}

/** From this share of a limit on, a message that the plan includes is worth a question. */
export const MUCH_PER_MILLE = 50;
const LONG_CHARACTERS = 4_000;

/** Whether a message that the plan includes is worth a quote at all: a short one to a light model is sent at once. */
export function mayTakeMuch(
  draft: {
    readonly text: string;
    readonly attachments: readonly unknown[];
    readonly search?: boolean | undefined;
  },
  ofClass: string | undefined,
): boolean {
  return (
    draft.text.length > LONG_CHARACTERS ||
    draft.attachments.length > 0 ||
    draft.search === true ||
    ofClass === 'reasoning'
  );
}

/** Whether one message would take a good part of a limit, or more than is left of it. */
export function takesMuch({ shares }: QuoteRange): boolean {
  return shares.some(
    ({ expectedPerMille, leftPerMille }) =>
      expectedPerMille >= MUCH_PER_MILLE ||
      (expectedPerMille > 0 && expectedPerMille > leftPerMille),
  );
}
