import type { UsageUnit } from '#metering/usage.ts';
import { malformed, type JsonObject } from './json-shape.ts';

/** The wire surfaces that a client may call. */
export type Surface =
  | 'openai-chat'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages';

/** An image, a sound or a file in the request. Its tokens are bounded by `mediaTokensMax`. */
export interface MediaPart {
  readonly kind: 'image' | 'audio' | 'file';
  /** `inline`: base64 in the body. `remote`: an address that the supplier fetches; its size is unknown. */
  readonly source: 'inline' | 'remote';
  /** Decoded bytes of an inline part, rounded up; 0 for a remote one. */
  readonly bytes: number;
  /** OpenAI's `detail`, where asked for. */
  readonly detail: string | undefined;
}

/** A tool that the supplier runs, which costs money of its own and may put tokens into the input. */
interface HostedTool {
  /** Its wire name: `web_search`, `web_fetch`. */
  readonly name: string;
  /** The usage unit that its uses are priced by; `undefined` where only its tokens cost. */
  readonly unit: UsageUnit | undefined;
  /** The most uses that the request allows. */
  readonly usesMax: number;
  /** The most tokens that one use may put into the input; `undefined`: up to the context window. */
  readonly inputTokensMaxPerUse: number | undefined;
}

/**
 * What admission needs to know of a request, read in one pass. Nothing in it points into the body, so
 * the body can be freed while the request is in flight.
 */
export interface RequestFacts {
  readonly surface: Surface;
  /** The model as the client named it. */
  readonly model: string;
  readonly stream: boolean;
  /** Whether the client itself asked for a usage chunk; where not, ours is stripped. Always true outside chat. */
  readonly includeUsage: boolean;
  /** The output limit per choice, in tokens; `undefined` where the client set none. */
  readonly outputTokensMax: number | undefined;
  /** The fields that carry the output limit, which lowering it must edit. */
  readonly outputLimitFields: readonly string[];
  /** Choices asked for: the output bound counts so many times. */
  readonly n: number;
  /** The service tier asked for, in the vendor's word (`priority`, `flex`, `fast`…); `undefined` or `auto`: the vendor decides. */
  readonly serviceTier: string | undefined;
  readonly reasoningEffort: string | undefined;
  /**
   * Bytes of the body that are not inline media: an upper bound of the text tokens, since a token is at
   * least one byte, an escape is never shorter than what it stands for, and the JSON around a message is
   * longer than the tokens that frame it.
   */
  readonly textBytes: number;
  /** Tokens that the supplier adds and bills without their standing in the body (tool prompts). */
  readonly hiddenInputTokens: number;
  readonly media: readonly MediaPart[];
  /** Tools that the client runs. */
  readonly clientTools: number;
  readonly hostedTools: readonly HostedTool[];
  /** Output beyond the limit, per choice: a rejected prediction is billed as output. */
  readonly extraOutputTokens: number;
  /** Whether the answer may hold audio, whose tokens have a rate of their own. */
  readonly audioOutput: boolean;
  /** The longest cache lifetime asked for by name; the bound is priced at its write rate. */
  readonly cacheTtl: '5m' | '1h' | undefined;
}

/** A {@link RequestFacts} while it is being read. */
export type FactsDraft = { -readonly [Key in keyof RequestFacts]: RequestFacts[Key] } & {
  media: MediaPart[];
  hostedTools: HostedTool[];
};

const MODEL_LENGTH_MAX = 256;

/**
 * Starts the facts of a request from what all surfaces share.
 * @throws DomainError `invalid_request` where the model is missing, no string, empty or absurdly long.
 */
export function draftFacts(surface: Surface, body: JsonObject, bodyBytes: number): FactsDraft {
  const model = body['model'];
  if (typeof model !== 'string' || model.length === 0 || model.length > MODEL_LENGTH_MAX) {
    throw malformed(['model'], `a string of 1 to ${MODEL_LENGTH_MAX} characters`);
  }
  return {
    surface,
    model,
    stream: false,
    includeUsage: true,
    outputTokensMax: undefined,
    outputLimitFields: NO_FIELDS,
    n: 1,
    serviceTier: undefined,
    reasoningEffort: undefined,
    textBytes: bodyBytes,
    hiddenInputTokens: 0,
    media: [],
    clientTools: 0,
    hostedTools: [],
    extraOutputTokens: 0,
    audioOutput: false,
    cacheTtl: undefined,
  };
}

const NO_FIELDS: readonly string[] = Object.freeze([]);
