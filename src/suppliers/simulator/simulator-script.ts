import type { SimulatedCall, SimulatedSurface } from './simulated-call.ts';
import { parseMisbehaviour, type Misbehaviour, type MisbehaviourText } from './misbehaviour.ts';

/**
 * One line of a script: of the requests that match, skip `after`, then misbehave on the next
 * `times` (all that follow, if not said). A storm of 429 that passes is
 * `{ misbehave: "status:429", times: 5 }`.
 */
export interface ScriptRule {
  readonly misbehave: MisbehaviourText;
  readonly after?: number;
  readonly times?: number;
  readonly model?: string;
  readonly surface?: SimulatedSurface;
}

/** What goes wrong, and when. Every rule counts the requests that match it by itself; the first rule that fires wins. */
export type SimulatorScript = readonly ScriptRule[];

interface Line {
  readonly rule: ScriptRule;
  readonly misbehaviour: Misbehaviour;
  seen: number;
}

/** A script and how far it has got. */
export class ScriptRunner {
  readonly #lines: Line[];

  /** @throws RangeError on a misbehaviour that does not exist */
  constructor(script: SimulatorScript) {
    this.#lines = script.map((rule) => {
      const misbehaviour = parseMisbehaviour(rule.misbehave);
      if (!misbehaviour) throw new RangeError(`no misbehaviour is called ${rule.misbehave}`);
      return { rule, misbehaviour, seen: 0 };
    });
  }

  /** What goes wrong with the next request. */
  next(call: SimulatedCall): Misbehaviour | undefined {
    let fired: Misbehaviour | undefined;
    for (const line of this.#lines) {
      const { rule, misbehaviour } = line;
      if (rule.model !== undefined && rule.model !== call.model) continue;
      if (rule.surface !== undefined && rule.surface !== call.surface) continue;
      const at = line.seen++ - (rule.after ?? 0);
      if (at >= 0 && at < (rule.times ?? Number.POSITIVE_INFINITY)) fired ??= misbehaviour;
    }
    return fired;
  }
}
