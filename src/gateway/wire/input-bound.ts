import { mediaTokensMax, type MediaModel } from './media-bound.ts';
import type { RequestFacts } from './request-facts.ts';

/** An upper bound of what goes into the model, apart by the rates that may apply. */
export interface InputBound {
  readonly textTokens: number;
  readonly imageTokens: number;
  readonly audioTokens: number;
}

/**
 * Bounds a request's input by its bytes, without a tokenizer. Each use of a hosted tool makes the
 * supplier read the whole prompt again with the tool's answer added, and bills every reading, so
 * readings multiply. Each reading is at most the context window.
 */
export function inputBound(facts: RequestFacts, model: MediaModel): InputBound {
  let image = 0;
  let audio = 0;
  let file = 0;
  for (const part of facts.media) {
    const tokens = mediaTokensMax(part, model);
    if (part.kind === 'image') image += tokens;
    else if (part.kind === 'audio') audio += tokens;
    else file += tokens;
  }
  let readings = 1;
  let answers = 0;
  for (const tool of facts.hostedTools) {
    readings += tool.usesMax;
    answers += tool.usesMax * (tool.inputTokensMaxPerUse ?? model.contextTokens);
  }
  const cap = model.contextTokens;
  return {
    textTokens:
      Math.min(cap, facts.textBytes + facts.hiddenInputTokens + file + answers) * readings,
    imageTokens: Math.min(cap, image) * readings,
    audioTokens: Math.min(cap, audio) * readings,
  };
}
