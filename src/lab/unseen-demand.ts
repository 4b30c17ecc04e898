import { EVIDENCE, NONE, type Tape } from './tape.ts';

/** From so many served requests of a class on, a customer's own use stands for what was refused. */
const OWN_EVENTS_MIN = 20;

/** What some requests used together. */
export interface MeanUse {
  events: number;
  bound: number;
  input: number;
  inputCached: number;
  output: number;
  reasoning: number;
}

export const noUse = (): MeanUse => ({
  events: 0,
  bound: 0,
  input: 0,
  inputCached: 0,
  output: 0,
  reasoning: 0,
});

/**
 * Fills in what refused requests would have used: the input that they were bounded by, in the
 * proportion of input to bound of what was served, and the mean output. The customer's own requests of
 * that class say it where there are enough, else everyone's. A class that nobody was ever served has
 * no answer; its refused requests keep zeros, and the replay counts them as unknown.
 * @param ownUses what its customer used, where the tape has a part of their time
 */
export function fillUnseenDemand(
  tape: Tape,
  classNames: readonly string[],
  ownUses?: readonly MeanUse[],
): void {
  const { event } = tape.columns;
  if (!event.evidence.subarray(0, tape.events).includes(EVIDENCE.refused)) return;
  const everyone = usesOfEveryone(tape, classNames);
  forEachCustomer(tape, (events) => {
    if (!events.some((i) => event.classServed[i] === NONE)) return;
    const own = ownUses ?? usesOf(tape, classNames, events);
    for (const i of events) {
      if (event.evidence[i] !== EVIDENCE.refused) continue;
      const asked = event.classAsked[i] ?? NONE;
      const mine = own[asked];
      const mean = mine !== undefined && mine.events >= OWN_EVENTS_MIN ? mine : everyone[asked];
      if (mean === undefined || mean.events === 0) continue;
      const input = Math.round(
        ((event.inputBound[i] ?? 0) * (mean.input + mean.inputCached)) / Math.max(1, mean.bound),
      );
      const cached = Math.round(
        (input * mean.inputCached) / Math.max(1, mean.input + mean.inputCached),
      );
      event.input[i] = input - cached;
      event.inputCached[i] = cached;
      event.output[i] = Math.round(mean.output / mean.events);
      event.reasoning[i] = Math.round(mean.reasoning / mean.events);
    }
  });
}

/** Which classes can be answered for: see {@link fillUnseenDemand}. */
export function demandKnownOf(
  tape: Pick<Tape, 'uses'>,
  classNames: readonly string[],
): readonly boolean[] {
  return usesOfEveryone(tape, classNames).map(({ events }) => events > 0);
}

function usesOfEveryone(
  { uses }: Pick<Tape, 'uses'>,
  classNames: readonly string[],
): readonly MeanUse[] {
  return classNames.map((className) => {
    const sum = noUse();
    for (const use of uses) {
      if (use.className !== className || !use.asAsked) continue;
      sum.events += use.events;
      sum.bound += use.bound;
      sum.input += use.input;
      sum.inputCached += use.inputCached;
      sum.output += use.output;
      sum.reasoning += use.reasoning;
    }
    return sum;
  });
}

function forEachCustomer(tape: Tape, visit: (events: readonly number[]) => void): void {
  const { ops, opStarts } = tape;
  const events: number[] = [];
  for (let k = 0; k + 1 < opStarts.length; k++) {
    events.length = 0;
    for (let at = opStarts[k] ?? 0; at < (opStarts[k + 1] ?? 0); at++) {
      const op = ops[at] ?? 0;
      // Decisions alone: see `opKind`.
      if (op >>> 28 <= 1) events.push(op & (2 ** 28 - 1));
    }
    visit(events);
  }
}

function usesOf(
  tape: Tape,
  classNames: readonly string[],
  events: readonly number[],
): readonly MeanUse[] {
  const uses = Array.from(classNames, noUse);
  for (const i of events) addUse(tape, uses, i);
  return uses;
}

function addUse(tape: Tape, means: readonly MeanUse[], i: number): void {
  const { event } = tape.columns;
  const served = event.classServed[i] ?? NONE;
  const asked = event.classAsked[i] ?? NONE;
  // What another class served says nothing of what this one would have answered.
  if (served === NONE || served !== asked || event.evidence[i] !== EVIDENCE.complete) return;
  const mean = means[served];
  if (mean === undefined) return;
  mean.events++;
  mean.bound += event.inputBound[i] ?? 0;
  mean.input += event.input[i] ?? 0;
  mean.inputCached += event.inputCached[i] ?? 0;
  mean.output += event.output[i] ?? 0;
  mean.reasoning += event.reasoning[i] ?? 0;
}
