import type { QuoteShare } from '#chat/quote-shares.ts';

/** What a message may be charged, or take of the plan's limits. */
export interface QuoteRange {
  readonly minNanoUsd: number;
  readonly expectedNanoUsd: number;
  readonly maxNanoUsd: number;
  readonly shares: readonly QuoteShare[];
}

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

/**
 * Whether one message would take more of a limit than somebody wants to be asked about, or more than is
 * left of it.
 * @param askAbovePerMille in thousandths of the limit
 */
export function takesMuch({ shares }: QuoteRange, askAbovePerMille: number): boolean {
  return shares.some(
    ({ expectedPerMille, leftPerMille }) =>
      expectedPerMille > askAbovePerMille ||
      (expectedPerMille > 0 && expectedPerMille > leftPerMille),
  );
}
