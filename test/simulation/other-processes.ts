import { assert } from '#base/assert.ts';
import type { Random } from '#base/random.ts';
import { type CompiledGate, compilePlan, type PlanProgram } from '#plans/compile.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { SharedSlice } from '#plans/shared-counters.ts';
import { referenceRange } from '#testing/reference-calendar.ts';
import type { ReferenceKernel } from '#testing/reference-kernel.ts';
import type { World } from './world.ts';

/** The other processes of the installation: what they use of gates over everyone, and what they leave. */
export class OtherProcesses {
  readonly #random: Random;
  readonly #reference: ReferenceKernel;
  /** What they have used, by gate and window. */
  readonly #used = new Map<string, number>();
  /** Gates of every plan so far, by limit and key: compiled, and as the plan declares them. */
  readonly #gates = new Map<string, { compiled: CompiledGate; declared: Gate }>();

  constructor(random: Random, reference: ReferenceKernel) {
    this.#random = random;
    this.#reference = reference;
  }

  /** Compiles a plan, and remembers its gates over everyone. */
  learn(plan: PlanVersion): PlanProgram {
    const program = compilePlan(plan);
    for (const compiled of program.everyoneGates) {
      const declared = plan.gates.find(({ id }) => id === compiled.name);
      assert(declared !== undefined, 'a gate of everyone is named as it is declared');
      this.#gates.set(`${compiled.limit} ${compiled.key}`, { compiled, declared });
    }
    return program;
  }

  /** As admission leases: what is short and a little more, or all that is left and the word that it is. */
  lease(
    world: World,
    demand: {
      readonly key: number;
      readonly limit: number;
      readonly amount: number;
      readonly nowMs: number;
    },
  ): SharedSlice {
    const { key, limit, amount, nowMs } = demand;
    const known = this.#gates.get(`${limit} ${key}`);
    const gate = known?.compiled;
    assert(
      known !== undefined && gate?.window.kind === 'calendar',
      'only gates of everyone are leased',
    );
    const range = referenceRange(gate.window.unit, nowMs, 'UTC');
    const name = `${key} ${range.startMs}`;
    const old = world.shared.find(key);
    const current = old !== undefined && old.stamp === range.startMs ? old : undefined;
    const elsewhere = this.#used.get(name) ?? 0;
    const used = current?.used ?? 0;
    const room = gate.limit - elsewhere;
    const fits = used + amount <= room;
    // Under a lower limit than before, what is used may exceed what may be leased.
    const leased = fits ? Math.min(room, used + amount + this.#random.below(500)) : room;
    const slice = {
      key,
      stamp: range.startMs,
      validUntilMs: range.endMs,
      leased,
      used,
      leasedByAll: elsewhere + leased,
      limit: gate.limit,
      knownUntilMs: fits ? 0 : range.endMs,
    };
    this.#reference.windows.setAside(known.declared, BigInt(range.startMs), BigInt(leased));
    return slice;
  }

  /** They take some of a gate that everyone shares. */
  use(world: World, wallMs: number): void {
    const gates = world.program.everyoneGates;
    const gate = gates[this.#random.below(gates.length)];
    if (gate === undefined || gate.window.kind !== 'calendar') return;
    const nowMs = Math.max(wallMs, world.account.lastSeenMs);
    const range = referenceRange(gate.window.unit, nowMs, 'UTC');
    const name = `${gate.key} ${range.startMs}`;
    const elsewhere = this.#used.get(name) ?? 0;
    const slice = world.shared.find(gate.key);
    const ours = slice?.stamp === range.startMs ? Math.max(slice.leased, slice.used) : 0;
    const amount = Math.min(this.#random.below(400), Math.max(0, gate.limit - elsewhere - ours));
    this.#used.set(name, elsewhere + amount);
    this.#reference.windows.countForeign(gate.name, BigInt(amount), BigInt(range.startMs));
  }
}
