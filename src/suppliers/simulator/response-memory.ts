import { SimulatedRefusal, type SimulatedCall } from './simulated-call.ts';

const RESPONSES_MAX = 10_000;

/**
 * What a Responses call brings along when it goes on from an earlier one: all the tokens of that
 * one. Remembers the latest responses only.
 */
export class ResponseMemory {
  readonly #tokens = new Map<string, number>();

  /** The input that the earlier response adds. @throws SimulatedRefusal (400) if it is unknown */
  carriedTokens(call: SimulatedCall): number {
    const id = call.previousResponseId;
    if (id === undefined) return 0;
    const tokens = this.#tokens.get(id);
    if (tokens !== undefined) return tokens;
    const message = `Previous response with id '${id}' not found.`;
    throw new SimulatedRefusal(400, message, 'previous_response_id', 'previous_response_not_found');
  }

  remember(responseId: string, tokens: number): void {
    this.#tokens.set(responseId, tokens);
    const oldest = this.#tokens.keys().next();
    if (this.#tokens.size > RESPONSES_MAX && !oldest.done) this.#tokens.delete(oldest.value);
  }
}
