import { assert } from '#base/assert.ts';
import { HOME } from '#plans/compile.ts';
import type { DecisionRequest } from '#plans/decision.ts';
import { availableClasses, type DecisionOut } from '#plans/decision-out.ts';
import type { ReferenceDecision } from '#testing/reference-kernel.ts';
import type { World } from './world.ts';

/** Holds a decision of the kernel to the reference's. @throws Error on the first difference */
export function compareDecision(
  world: World,
  request: DecisionRequest,
  expected: ReferenceDecision,
): void {
  const { decision, program } = world;
  same(decision.verdict, expected.verdict, 'verdict');
  same(program.gates[decision.gate]?.name, expected.gate, 'gate');
  same(decision.remainingNanoUsd, Number(expected.remaining), 'remaining');
  const available = availableClasses(program, decision);
  if (program.everyoneGates.length === 0)
    same(available.join(), expected.available.join(), 'available classes');
  else {
    // A class that would need a larger slice is not promised.
    const promised = available.every((name) => expected.available.includes(name));
    assert(promised, `available classes: ${available.join()}, of ${expected.available.join()}`);
  }
  if (decision.verdict === 'admitted') {
    same(request.candidates[decision.candidate]?.className, expected.className, 'class');
    same(decision.mode, expected.mode, 'mode');
    same(decision.slow, expected.slow, 'slow');
    same(decision.heldChargeNanoUsd, Number(expected.heldCharge), 'held charge');
  } else same(decision.reason, expected.reason, 'reason');
  for (const gate of program.gates) {
    const used = expected.used[gate.name];
    if (gate.home === HOME.everyone || used === undefined) continue;
    same(decision.used[gate.index], Number(used), `use of ${gate.name}`);
    if (gate.index === decision.gate && expected.opensAt !== undefined && used > 0n) {
      same(decision.resetsAtMs[gate.index], Number(expected.opensAt), `opening of ${gate.name}`);
    }
  }
}

/** All that a decision says; its windows belong to the account. */
export function digest(decision: DecisionOut): string {
  return JSON.stringify({ ...decision, windows: undefined });
}

export function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)}, not ${String(expected)}`);
}
