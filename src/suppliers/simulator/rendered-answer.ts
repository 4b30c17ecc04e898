import type { SimulatedAnswer, SimulatedUsage } from './simulated-answer.ts';
import type { SimulatedCall } from './simulated-call.ts';

/** One SSE event before it is written. Misbehaviours rearrange lists of these. */
export interface SimulatedEvent {
  /** The `event:` line, where the wire has them. */
  readonly name: string | undefined;
  /** The `data:` line: an object, or a text that is sent as it is (`[DONE]`, broken JSON). */
  readonly data: Readonly<Record<string, unknown>> | string;
  /** Output tokens that the model has made for this event since the one before. */
  readonly tokens: number;
  /** `usage`: the event that reports the answer's final usage; `end`: the stream's last event. */
  readonly part: 'open' | 'delta' | 'close' | 'usage' | 'end';
}

/** An answer in both forms of its wire. */
export interface RenderedAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly events: readonly SimulatedEvent[];
}

/** What a wire needs to render. */
export interface RenderContext {
  readonly call: SimulatedCall;
  readonly answer: SimulatedAnswer;
  /** Unique part of the answer's ids. */
  readonly serial: string;
  readonly createdSeconds: number;
}

/** An error as a vendor words it. */
export interface SimulatedFault {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** One vendor's wire format. */
export interface SimulatedWire {
  render(context: RenderContext): RenderedAnswer;
  /** The wire's `usage` object. */
  usage(usage: SimulatedUsage, call: SimulatedCall): Readonly<Record<string, unknown>>;
  error(fault: SimulatedFault): Readonly<Record<string, unknown>>;
}

/** Input tokens as vendors count them in total. */
export function promptTokensOf(usage: SimulatedUsage): number {
  return usage.uncached + usage.cached + usage.written5m + usage.written1h;
}

/** The tier that an OpenAI answer says it was served on. */
export function openAiTierOf(call: SimulatedCall): string {
  return call.serviceTier === undefined || call.serviceTier === 'auto'
    ? 'default'
    : call.serviceTier;
}

/** The error object of all OpenAI surfaces. */
export function openAiError(fault: SimulatedFault): Readonly<Record<string, unknown>> {
  const { message, type, param, code } = fault;
  return { error: { message, type, param, code } };
}
