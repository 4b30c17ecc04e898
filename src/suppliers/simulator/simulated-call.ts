import type { IncomingHttpHeaders } from 'node:http';

/** The endpoints that the simulator serves. */
export type SimulatedSurface = 'chat' | 'responses' | 'embeddings' | 'messages';

/** One part of a prompt: what a prefix cache may know. */
export interface PromptPart {
  readonly text: string;
  readonly tokens: number;
  /** Set where the caller marks the end of a prefix to be cached (Anthropic's `cache_control`). */
  readonly cacheTtlSeconds?: number;
}

export interface SimulatedTool {
  readonly name: string;
  /** JSON schema of the arguments, if the caller gave one. */
  readonly parameters: unknown;
}

export type SimulatedToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/**
 * Counts that the caller dictates, so that a replayed trace gets the tokens it recorded. Read from
 * headers `x-sim-input-tokens`, `x-sim-output-tokens`, `x-sim-reasoning-tokens` and
 * `x-sim-cached-tokens`, or from the same names with underscores (`sim_output_tokens`) in the
 * request's `metadata`. Input includes cached, output includes reasoning.
 */
export interface DictatedCounts {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly reasoningTokens?: number;
  readonly cachedTokens?: number;
}

/** A request, whichever wire it came over. */
export interface SimulatedCall {
  readonly surface: SimulatedSurface;
  readonly model: string;
  readonly stream: boolean;
  /** Whether a chat stream ends with a usage chunk. Other surfaces always report usage. */
  readonly includeUsage: boolean;
  readonly choices: number;
  /** Per choice, reasoning included. */
  readonly outputTokensMax: number | undefined;
  /** As the caller asked for it; `undefined` where it asked for none. */
  readonly serviceTier: string | undefined;
  readonly prompt: readonly PromptPart[];
  readonly lastUserText: string;
  /** The last message carries a tool's result, so the model now answers in text. */
  readonly afterToolResult: boolean;
  readonly tools: readonly SimulatedTool[];
  readonly toolChoice: SimulatedToolChoice;
  /** The caller asked for visible thinking (Anthropic). */
  readonly thinking: boolean;
  readonly previousResponseId: string | undefined;
  readonly embedding: EmbeddingCall | undefined;
  readonly dictated: DictatedCounts;
  /** What the caller asks to go wrong, unparsed. */
  readonly misbehaviour: string | undefined;
}

export interface EmbeddingCall {
  readonly inputs: readonly string[];
  readonly dimensions: number;
  readonly encoding: 'float' | 'base64';
}

/** A request that no vendor would accept either. Answered with status and the surface's error shape. */
export class SimulatedRefusal extends Error {
  override readonly name = 'SimulatedRefusal';
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: number,
    message: string,
    param: string | null = null,
    code: string | null = null,
  ) {
    super(message);
    this.status = status;
    this.param = param;
    this.code = code;
  }
}

const DICTATED = [
  ['inputTokens', 'input-tokens'],
  ['outputTokens', 'output-tokens'],
  ['reasoningTokens', 'reasoning-tokens'],
  ['cachedTokens', 'cached-tokens'],
] as const satisfies readonly (readonly [keyof DictatedCounts, string])[];

/** An order above the largest context of any model; a replay never needs more. */
const DICTATED_TOKENS_MAX = 20_000_000;

/** @throws SimulatedRefusal where a dictated count is no count. */
export function readDictatedCounts(
  headers: IncomingHttpHeaders,
  metadata: Readonly<Record<string, unknown>>,
): DictatedCounts {
  const counts: { -readonly [Name in keyof DictatedCounts]: number } = {};
  for (const [field, name] of DICTATED) {
    const value = headers[`x-sim-${name}`] ?? metadata[`sim_${name.replace('-', '_')}`];
    if (value === undefined) continue;
    const count = Number(value);
    if (value === '' || !Number.isInteger(count) || count < 0 || count > DICTATED_TOKENS_MAX)
      throw new SimulatedRefusal(400, `x-sim-${name} is no count of tokens`, `x-sim-${name}`);
    counts[field] = count;
  }
  return counts;
}

/** What should go wrong, from the header `x-sim-misbehave` or `metadata.sim_misbehave`. */
export function readMisbehaviour(
  headers: IncomingHttpHeaders,
  metadata: Readonly<Record<string, unknown>>,
): string | undefined {
  const asked = headers['x-sim-misbehave'] ?? metadata['sim_misbehave'];
  return typeof asked === 'string' && asked !== '' ? asked : undefined;
}
