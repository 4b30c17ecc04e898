import { describe, expect, it } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { gateOf, planOf } from '#testing/plan-fixture.ts';
import { compilePlan } from './compile.ts';
import { parsePlanVersion, planProblems } from './plan-schema.ts';
import type { Gate } from './plan-version.ts';

const sound = planOf({
  classes: [
    { name: 'deep', weightMilli: 1000 },
    { name: 'fast', weightMilli: 250 },
  ],
});
const withGates = (...gates: Partial<Gate>[]) => ({
  ...sound,
  gates: gates.map((gate, index) => gateOf({ id: `g${index}`, ...gate })),
});
const to = (name: string) => ({ whenFull: { do: 'fallback', to: name } }) as const;

describe('a plan that is refused', () => {
  it.each([
    ['gates[0].limit', withGates({ limit: 0 })],
    ['gates[0].limit', withGates({ limit: 2 ** 53 })],
    ['gates[0].limit', withGates({ limit: 1.5 })],
    ['gates[0].window.seconds', withGates({ window: { kind: 'rolling', seconds: 0 } })],
    ['gates[0].window.seconds', withGates({ window: { kind: 'session', seconds: 400 * 86_400 } })],
    ['gates[1].id', withGates({ id: 'same' }, { id: 'same' })],
    ['gates[0].id', withGates({ id: 'key-cap' })],
    ['gates', withGates(...Array.from({ length: 9 }, () => ({})))],
    ['gates[0].classes[0]', withGates({ classes: ['unknown'] })],
    ['gates[0].whenFull.to', withGates(to('unknown'))],
    [
      'gates[1].whenFull.to',
      withGates({ classes: ['deep'], ...to('fast') }, { classes: ['fast'], ...to('deep') }),
    ],
    ['gates[0].whenFull.to', withGates({ classes: ['deep'], ...to('deep') })],
    ['gates[0].whenFull.do', withGates({ unit: 'credits', whenFull: { do: 'credits' } })],
    ['gates[0].whenFull.do', withGates({ whenFull: { do: 'overage' } })],
    ['gates[0].whenFull.do', { ...withGates({ whenFull: { do: 'credits' } }), billing: 'metered' }],
    [
      'gates[0].window.kind',
      withGates({ scope: 'everyone', window: { kind: 'session', seconds: 60 } }),
    ],
    ['classes[1].name', { ...sound, classes: [sound.classes[0], sound.classes[0]] }],
    ['fareCapNanoUsd', { ...sound, fareCapNanoUsd: 5 }],
    ['priceNanoUsd', { ...sound, priceNanoUsd: -1 }],
    ['', { ...sound, surprise: 1 }],
  ])('names %s', (field, plan) => {
    expect(planProblems(plan).map((problem) => problem.field)).toContain(field);
    const thrown = (() => {
      try {
        return parsePlanVersion(plan);
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(DomainError);
    expect(thrown).toMatchObject({ code: 'invalid_configuration' });
  });

  it('is not one that falls back along a chain', () => {
    expect(
      planProblems(withGates({ classes: ['deep'], ...to('fast') }, { ...to('fast') })),
    ).toEqual([]);
  });
});

describe('a compiled plan', () => {
  it('has a gate for each class of a class gate, gates on credits last, and the key cap', () => {
    const program = compilePlan(
      parsePlanVersion(withGates({ unit: 'credits' }, { scope: 'class' })),
    );
    expect(program.gates.map((gate) => gate.name)).toEqual(['g1/deep', 'g1/fast', 'g0', 'key-cap']);
    expect(program.gates.map((gate) => gate.classMask)).toEqual([1, 2, 3, 3]);
  });

  it('keeps the key of a gate when its limit changes, and not when its window does', () => {
    const keyOf = (gate: Partial<Gate>) =>
      compilePlan(parsePlanVersion(withGates(gate))).gates[0]?.key;
    expect(keyOf({ limit: 5 })).toBe(keyOf({ limit: 7 }));
    expect(keyOf({})).not.toBe(keyOf({ window: { kind: 'cycle' } }));
  });

  it('slides few messages exactly, at the lightest class, and anything else in sixtieths', () => {
    const quantumOf = (gate: Partial<Gate>) =>
      compilePlan(parsePlanVersion(withGates(gate))).gates[0]?.quantumMs;
    expect(quantumOf({ unit: 'messages', limit: 64_000 })).toBe(1);
    expect(quantumOf({ unit: 'messages', limit: 64_001 })).toBe(60_000);
    expect(quantumOf({ unit: 'tokens' })).toBe(60_000);
  });
});
