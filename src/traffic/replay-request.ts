import { type Dispatcher, request as send } from 'undici';
import { BYTES_PER_TOKEN } from './demo-request.ts';
import type { TraceRequest } from './trace-reader.ts';

export interface ReplayCall {
  /** The gateway's address. */
  readonly url: string;
  readonly dispatcher: Dispatcher;
  readonly secret: string;
  readonly model: string;
  readonly request: TraceRequest;
}

/** How one request ended. */
export interface ReplayOutcome {
  readonly kind: 'served' | 'refused' | 'failed';
  /** Of what is not served: status and code, or what the connection said. */
  readonly why?: string;
  /** Whether a limit ended the answer early. */
  readonly cut: boolean;
  readonly firstByteMs: number;
  readonly wholeMs: number;
}

/** A token's worth of filler. */
const WORD = 'one '.padStart(BYTES_PER_TOKEN, 'l');
/** Enough of a stream's end to know how it ended. */
const TAIL_CHARACTERS = 2_000;
/** Refusals that say no to the customer, and not that something is broken. */
const REFUSALS = new Set([402, 403, 429]);

/**
 * Sends one recorded request as a stream, with a prompt of a fitting size. By its headers the simulator
 * reports the recorded counts. Never repeated; never throws.
 */
export async function sendReplayed(call: ReplayCall): Promise<ReplayOutcome> {
  const { inputTokens, outputTokens, cachedTokens } = call.request;
  const startedMs = performance.now();
  let firstByteMs = 0;
  let tail = '';
  const ended = (kind: ReplayOutcome['kind'], why?: string): ReplayOutcome => ({
    kind,
    ...(why !== undefined && { why }),
    cut: kind === 'served' && tail.includes('"finish_reason":"length"'),
    firstByteMs,
    wholeMs: performance.now() - startedMs,
  });
  try {
    const { statusCode, body } = await send(`${call.url}/v1/chat/completions`, {
      method: 'POST',
      dispatcher: call.dispatcher,
      headers: {
        authorization: `Bearer ${call.secret}`,
        'content-type': 'application/json',
        'x-sim-input-tokens': String(inputTokens),
        'x-sim-output-tokens': String(outputTokens),
        'x-sim-cached-tokens': String(cachedTokens),
        // The recording does not say which tokens were thought.
        'x-sim-reasoning-tokens': '0',
      },
      body: bodyOf(call.model, inputTokens),
    });
    for await (const chunk of body.setEncoding('utf8') as AsyncIterable<string>) {
      firstByteMs ||= performance.now() - startedMs;
      tail = (tail + chunk).slice(-TAIL_CHARACTERS);
    }
    if (statusCode !== 200) {
      const why = `${statusCode} ${errorCode(tail)}`.trim();
      return ended(REFUSALS.has(statusCode) ? 'refused' : 'failed', why);
    }
    return tail.includes('data: [DONE]') ? ended('served') : ended('failed', 'stream cut off');
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return ended('failed', code ?? message);
  }
}

function bodyOf(model: string, inputTokens: number): string {
  // Put together by hand: there is nothing to escape, and prompts reach half a megabyte.
  const head = JSON.stringify({ model, stream: true }).slice(0, -1);
  return `${head},"messages":[{"role":"user","content":"${WORD.repeat(inputTokens)}"}]}`;
}

function errorCode(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly code?: unknown } };
    return typeof error?.code === 'string' ? error.code : '';
  } catch {
    return '';
  }
}
