import type { Usage } from '#metering/usage.ts';
import type { JsonObject } from '../json-shape.ts';

/** What the translation of an answer needs besides the answer. */
export interface AnswerContext {
  /** The model as the client named it. */
  readonly model: string;
  /** The time to put where the supplier's answer has none, in milliseconds. */
  readonly nowMs: number;
  /** Whether a chat client asked for the usage chunk. */
  readonly includeUsage: boolean;
  /**
   * What the answer consumed, from the meter that watches the supplier's answer; read when the client's
   * format needs it. `undefined`: the supplier reported nothing.
   */
  readonly usage: () => Usage | undefined;
  /** The client's request, parts of which a Responses answer repeats. */
  readonly request: JsonObject;
}

/** One event of a client's stream before it is text. A comment keeps a connection alive. */
export type WireEvent =
  | { readonly data: JsonObject; readonly name?: string }
  | { readonly comment: string }
  | { readonly done: true };

/**
 * Translates a stream event by event. It is shown each `data:` of the supplier, parsed, and
 * `undefined` for what is no JSON: the closing `[DONE]`, or damage. So `undefined` ends the client's
 * stream only where the answer has its finish reason.
 */
export interface StreamTranslator {
  push(data: JsonObject | undefined): readonly WireEvent[];
  /**
   * The supplier closed the stream. Some never send `[DONE]`; where the answer is complete, this ends the
   * client's stream.
   * @returns `undefined` where the answer broke off: the caller ends the stream with an error
   */
  end(): readonly WireEvent[] | undefined;
}
