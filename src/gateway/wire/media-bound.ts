import type { MediaPart } from './request-facts.ts';

/** What a bound of media depends on, known once the route is resolved. */
export interface MediaModel {
  /** The supplier's wire family: `openai`, `anthropic`, `gemini`; anything else is bounded loosely. */
  readonly vendor: string;
  /** The model as the supplier names it. */
  readonly model: string;
  /** The model's context window in tokens: no single part can put more than that into the input. */
  readonly contextTokens: number;
}

/**
 * The most tokens that one part can become.
 *
 * Images by vendor: OpenAI's tile models scale to 2048 × 2048, then to a short side of 768, so at most
 * 8 tiles (85 + 8 × 170; gpt-4o-mini 2,833 + 8 × 5,667); its patch models take 1,536 patches times at
 * most 2.46, or 10,000 patches at detail `original` (developers.openai.com, "Images and vision",
 * "Calculating costs"). Anthropic's largest resolution tier is 4,784 tokens an image
 * (platform.claude.com, "Vision"). Gemini cuts into 258-token tiles, at most 16 and an overview
 * (ai.google.dev, "Understand and count tokens"). Others (Qwen-VL in vLLM: 16,384).
 *
 * Sound: 32 tokens a second is the most of any vendor (Gemini), and MP3 goes down to 1,000 bytes a
 * second: 25 bytes a token. Files (PDF pages become text and image both) and remote sounds are
 * bounded by the context window alone.
 */
export function mediaTokensMax(
  part: MediaPart,
  { vendor, model, contextTokens }: MediaModel,
): number {
  if (part.kind === 'image')
    return Math.min(contextTokens, imageTokensMax(part.detail, vendor, model));
  if (part.kind === 'audio' && part.source === 'inline')
    return Math.min(contextTokens, Math.ceil(part.bytes / 25) + 1);
  return contextTokens;
}

function imageTokensMax(detail: string | undefined, vendor: string, model: string): number {
  if (vendor === 'anthropic') return 4_784;
  if (vendor === 'gemini') return 17 * 258;
  if (vendor !== 'openai') return 16_384;
  if (model.startsWith('gpt-4o-mini')) return detail === 'low' ? 2_833 : 2_833 + 8 * 5_667;
  if (detail === 'original') return 24_600;
  return detail === 'low' ? 256 * 3 : 3_779;
}
