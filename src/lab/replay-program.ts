import { classIndexOf, compilePlan, type PlanProgram } from '#plans/compile.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { ReplaySpec } from './replay-spec.ts';
import { NO_GATE } from './tape.ts';

/** A plan version made ready for a replay: names of the tape resolved to numbers. */
export interface ReplayProgram {
  readonly plan: PlanVersion;
  readonly program: PlanProgram;
  readonly isChanged: boolean;
  /** By class asked: that class and those its gates may send it to, nearest first. */
  readonly chains: readonly (readonly number[])[];
  /** The spec's names, as the very strings that the program knows: found in its map at once. */
  readonly names: readonly string[];
  /** By the program's class: the number of it in the spec's names. */
  readonly classes: readonly number[];
  /** By the spec's class: the program's number of it, or −1. */
  readonly programClass: readonly number[];
  /** By the program's gate: the number of its name in the tape. */
  readonly gates: readonly number[];
  /** Thousandths of the cost; −1 where the tariff has rates of its own. */
  readonly markupPerMille: number;
  /** True where a charge must be worked out anew, since the scenario changes the tariff. */
  readonly hasOtherTariff: boolean;
  readonly needsMember: boolean;
  readonly needsKey: boolean;
}

/** @param recordedPlan the terms that the books had under this id */
export function replayProgram(
  plan: PlanVersion,
  spec: ReplaySpec,
  gateNumbers: ReadonlyMap<string, number>,
): ReplayProgram {
  const program = compilePlan(plan);
  const numberOf = new Map(spec.classNames.map((name, index) => [name, index]));
  const isChanged = spec.changed.includes(plan.id);
  return {
    plan,
    program,
    isChanged,
    chains: spec.classNames.map((name) =>
      [name, ...fallbackClasses(plan, name)].flatMap((each) => numberOf.get(each) ?? []),
    ),
    names: spec.classNames.map(
      (name) => program.classNames.find((known) => known === name) ?? name,
    ),
    classes: program.classNames.map((name) => numberOf.get(name) ?? 0),
    programClass: spec.classNames.map((name) => classIndexOf(program, name)),
    gates: program.gates.map((gate) => gateNumbers.get(gate.name) ?? NO_GATE),
    markupPerMille: plan.tariff.kind === 'markup' ? plan.tariff.perMille : -1,
    hasOtherTariff: isChanged && plan.tariff.kind === 'markup',
    needsMember: program.memberGates.length > 0,
    needsKey: program.keyGates.length > 1,
  };
}

/** The classes that a plan's gates may send a request of a class to, nearest first. */
export function fallbackClasses(plan: PlanVersion, className: string): readonly string[] {
  const found: string[] = [];
  const queue = [className];
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const gate of plan.gates) {
      const counts = gate.classes.length === 0 || gate.classes.includes(from);
      if (!counts || gate.whenFull.do !== 'fallback') continue;
      const { to } = gate.whenFull;
      if (to === className || found.includes(to)) continue;
      found.push(to);
      queue.push(to);
    }
  }
  return found;
}
