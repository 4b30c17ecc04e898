import { createHash } from 'node:crypto';
import { assert } from '#base/assert.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Id } from '#base/id.ts';
import {
  type Gate,
  type GateUnit,
  type GateWindow,
  type IncludedCredits,
  type PlanVersion,
  UNIT_CODE,
  type UnitCode,
  type WhenFull,
} from './plan-version.ts';

/**
 * Where a gate's counter stands: in the account, in a member's or key's row, or in a leased slice. Numbers,
 * since every decision and settlement compares them gate by gate.
 */
export const HOME = { account: 0, member: 1, key: 2, everyone: 3 } as const;
export type CounterHome = (typeof HOME)[keyof typeof HOME];

/** A gate made ready to be walked: names resolved to numbers, one gate for each class of a `class` gate. */
export interface CompiledGate {
  /** Position in {@link PlanProgram.gates}. */
  readonly index: number;
  /** What people read: the gate's id, or `id/class`. */
  readonly name: string;
  /** Stable name of the counter: 48 bits, see {@link gateKey}. */
  readonly key: number;
  readonly unit: GateUnit;
  readonly unitCode: UnitCode;
  readonly window: GateWindow;
  readonly home: CounterHome;
  /** Position of its counter among those of its home. */
  readonly slot: number;
  /** Bit `n` set: counts requests of class `n`. */
  readonly classMask: number;
  /** 0 for the built-in key cap, whose limit comes with the request. */
  readonly limit: number;
  /** Of a rolling window: 1 where it slides exactly, else a sixtieth of it. */
  readonly quantumMs: number;
  readonly whenFull: WhenFull['do'];
  /** The class a fallback goes to, or -1. */
  readonly fallbackClass: number;
}

/** A plan version as the kernel runs it. Immutable; compile once, share everywhere. */
export interface PlanProgram {
  readonly planVersionId: Id<'planVersion'>;
  readonly classNames: readonly string[];
  /** Thousandths of a message, by class. */
  readonly weightsMilli: readonly number[];
  readonly metered: boolean;
  /** In walking order: as declared, but gates on credits last, since what is paid follows from the others. */
  readonly gates: readonly CompiledGate[];
  /** Those before the built-in cap on keys, which only a request that carries a cap meets. */
  readonly ownGateCount: number;
  readonly accountGates: readonly CompiledGate[];
  readonly memberGates: readonly CompiledGate[];
  /** The plan's own gates on keys, and last the built-in cap. */
  readonly keyGates: readonly CompiledGate[];
  readonly everyoneGates: readonly CompiledGate[];
  readonly credits: IncludedCredits;
  readonly overageCapNanoUsd: NanoUsd;
  /** `Number.MAX_SAFE_INTEGER` where there is none. */
  readonly fareCapNanoUsd: number;
  readonly overdraftNanoUsd: NanoUsd;
}

/** The built-in gate that bounds an API key by the cap that its requests carry. */
export const KEY_CAP_GATE_ID = 'key-cap';
/** Longer rings of exact entries are traded for sub-buckets. */
const EXACT_ENTRIES_MAX = 256;
const SUB_BUCKETS = 60;
/** The kernel keeps sets of gates and of classes in the bits of a 32-bit integer. */
export const COMPILED_GATES_MAX = 30;

const KEY_CAP: Gate = {
  id: KEY_CAP_GATE_ID,
  unit: 'charge',
  window: { kind: 'calendar', unit: 'month' },
  scope: 'key',
  classes: [],
  limit: 0,
  whenFull: { do: 'refuse' },
};

/**
 * Compiles a plan version that {@link parsePlanVersion} accepts.
 * @throws Error on a plan that the schema would have refused (an unknown class, too many gates).
 */
export function compilePlan(plan: PlanVersion): PlanProgram {
  const classNames = plan.classes.map((terms) => terms.name);
  const classIndexes = new Map(classNames.map((name, index) => [name, index]));
  const slots: Record<CounterHome, number> = [0, 0, 0, 0];
  const gates = walkingOrder(plan)
    .flatMap((gate) => expand(gate, plan))
    .map(({ gate, className }, index): CompiledGate => {
      const home = homeOf(gate);
      const classMask = maskOf(className === undefined ? gate.classes : [className], classIndexes);
      return Object.freeze({
        index,
        name: className === undefined ? gate.id : `${gate.id}/${className}`,
        key: gateKey(gate, className),
        unit: gate.unit,
        unitCode: UNIT_CODE[gate.unit],
        window: gate.window,
        home,
        slot: slots[home]++,
        classMask,
        limit: gate.limit,
        quantumMs: quantumOf(gate, plan, classMask),
        whenFull: gate.whenFull.do,
        fallbackClass:
          gate.whenFull.do === 'fallback' ? indexOf(gate.whenFull.to, classIndexes) : -1,
      });
    });
  assert(
    gates.length <= COMPILED_GATES_MAX + 1,
    `plan ${plan.id} has at most ${COMPILED_GATES_MAX} counters`,
  );
  assert(
    new Set(gates.map((gate) => gate.key)).size === gates.length,
    `the gate keys of plan ${plan.id} differ`,
  );
  const at = (home: CounterHome) => Object.freeze(gates.filter((gate) => gate.home === home));
  return Object.freeze({
    planVersionId: plan.id,
    classNames,
    weightsMilli: plan.classes.map((terms) => terms.weightMilli),
    metered: plan.billing === 'metered',
    gates: Object.freeze(gates),
    ownGateCount: gates.length - 1,
    accountGates: at(HOME.account),
    memberGates: at(HOME.member),
    keyGates: at(HOME.key),
    everyoneGates: at(HOME.everyone),
    credits: plan.credits,
    overageCapNanoUsd: plan.overageCapNanoUsd,
    fareCapNanoUsd: plan.fareCapNanoUsd ?? Number.MAX_SAFE_INTEGER,
    overdraftNanoUsd: plan.overdraftNanoUsd,
  });
}

/** The number of a class in a program; -1 where the plan does not serve it. A plan has few: a scan is faster than a map. */
export function classIndexOf(program: PlanProgram, className: string): number {
  const names = program.classNames;
  for (let i = 0; i < names.length; i++) if (names[i] === className) return i;
  return -1;
}

function walkingOrder(plan: PlanVersion): readonly Gate[] {
  const onCredits = (gate: Gate): boolean => gate.unit === 'credits';
  return [
    ...plan.gates.filter((gate) => !onCredits(gate)),
    ...plan.gates.filter(onCredits),
    KEY_CAP,
  ];
}

function expand(
  gate: Gate,
  plan: PlanVersion,
): readonly { gate: Gate; className: string | undefined }[] {
  if (gate.scope !== 'class') return [{ gate, className: undefined }];
  const names = gate.classes.length > 0 ? gate.classes : plan.classes.map((terms) => terms.name);
  return names.map((className) => ({ gate, className }));
}

function homeOf(gate: Gate): CounterHome {
  return gate.scope === 'customer' || gate.scope === 'class' ? HOME.account : HOME[gate.scope];
}

function maskOf(names: readonly string[], classIndexes: ReadonlyMap<string, number>): number {
  if (names.length === 0) return 2 ** classIndexes.size - 1;
  return names.reduce((mask, name) => mask | (1 << indexOf(name, classIndexes)), 0);
}

function indexOf(name: string, classIndexes: ReadonlyMap<string, number>): number {
  const index = classIndexes.get(name);
  assert(index !== undefined, `class ${name} is in the plan`);
  return index;
}

/** A window of few messages slides exactly: no more entries can stand in it than fit at the lightest weight. */
function quantumOf(gate: Gate, plan: PlanVersion, classMask: number): number {
  if (gate.window.kind !== 'rolling') return 1;
  const weights = plan.classes
    .filter((terms, index) => (classMask & (1 << index)) !== 0 && terms.weightMilli > 0)
    .map((terms) => terms.weightMilli);
  const exact = gate.unit === 'messages' && gate.limit / Math.min(...weights) <= EXACT_ENTRIES_MAX;
  return exact ? 1 : Math.max(1, Math.floor((gate.window.seconds * 1000) / SUB_BUCKETS));
}

/**
 * The stable name of a counter: what makes two gates of two plan versions the same gate, so that a
 * count carries over. The id decides, with what the count means: a gate that changes its unit, scope
 * or window under one id begins anew, one that changes its limit does not.
 */
export function gateKey(gate: Gate, className: string | undefined): number {
  const { window } = gate;
  const span =
    window.kind === 'calendar' ? window.unit : window.kind === 'cycle' ? '' : window.seconds;
  const name = JSON.stringify([gate.id, gate.unit, gate.scope, window.kind, span, className ?? '']);
  return createHash('sha256').update(name).digest().readUIntBE(0, 6);
}
