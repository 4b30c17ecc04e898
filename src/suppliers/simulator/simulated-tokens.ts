/**
 * The simulator's tokens: a word of up to twelve letters, up to three digits, one ideograph, a run
 * of punctuation or of space, each word with the blank before it. Joining the tokens of a text gives
 * the text again, and cutting a generated text between tokens never changes how the rest counts, so
 * that a reported count is always the count of the delivered text.
 */
const TOKEN =
  / ?\p{Script=Han}| ?(?:(?!\p{Script=Han})[\p{L}\p{M}]){1,12}| ?\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]{1,4}|\s+/gu;

/** The tokens of a text, in order. */
export function splitTokens(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** How many tokens a text has. */
export function countTokens(text: string): number {
  let count = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.test(text)) count++;
  return count;
}
