import type { Random } from '#base/random.ts';
import { splitTokens } from './simulated-tokens.ts';

/** How every simulated text begins, in whatever place of an answer it stands. */
export const SIMULATED_LABEL = 'Simulated answer:';

const SENTENCES = [
  'No model ran to write this.',
  'The words are drawn from a fixed list by a seed and your prompt.',
  'The same prompt gives the same text, the same counts and the same price.',
  'A real supplier would think before it spoke; this one only counts.',
  'Every token here is metered, held and booked as if it had been bought.',
  'A café owner once asked what a question costs, and nobody could say.',
  'It was naïve to sell a flat price and hope that people would be modest.',
  'The first hundred customers paid for the last one, and never knew.',
  'One answer may cost a hundredth of a cent, another a whole dollar.',
  'A budget of 20 € lasts a month for most people and a morning for a few.',
  'What is not measured is given away.',
  'The meter runs — quietly — while the text streams.',
  'Long prompts cost more to read than to answer.',
  'A cache that remembers the beginning makes the rest cheaper.',
  'Some answers need patience, others only need fewer words.',
  'The ledger has two sides, and both of them add up.',
  'A promise without a limit is a loan without a date.',
  'Numbers are easier to trust when someone else can check them.',
  'Heavy use is not abuse; it is a price that was set too low.',
  'In another script the same count would read 计 量 清 楚.',
  'Nothing in this text is advice, and nothing in it is true by accident.',
  'If you read this in production, a supplier has not been set up yet.',
] as const;

const LABEL_TOKENS = splitTokens(SIMULATED_LABEL);
const SENTENCE_TOKENS = SENTENCES.map((sentence) => splitTokens(` ${sentence}`));

/** A labelled text of exactly `tokens` tokens, as its tokens; fewer than three cut into the label. */
export function composeText(random: Random, tokens: number): string[] {
  const text = LABEL_TOKENS.slice(0, tokens);
  let last = -1;
  while (text.length < tokens) {
    let next = random.below(SENTENCE_TOKENS.length);
    if (next === last) next = (next + 1) % SENTENCE_TOKENS.length;
    last = next;
    for (const token of SENTENCE_TOKENS[next] ?? []) {
      if (text.length === tokens) break;
      text.push(token);
    }
  }
  return text;
}
