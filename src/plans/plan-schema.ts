import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import { COMPILED_GATES_MAX, KEY_CAP_GATE_ID } from './compile.ts';
import { GATE_SCOPES, GATE_UNITS, type PlanVersion } from './plan-version.ts';

/**
 * The plan version as it is stored, checked whole: a plan that passes compiles. Every problem names
 * its field, such as `gates[2].whenFull.to`.
 */

const GATES_MAX = 8;
const CLASSES_MAX = 16;
const YEAR_SECONDS = 366 * 86_400;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The largest amount that still leaves sums of two exact: about $4.5 million, 4.5e15 tokens. */
const AMOUNT_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 2);

const name = z
  .string()
  .regex(NAME, 'must be a short name of lower-case letters, digits, dots and dashes');
const wholeNumber = z
  .int('must be a whole number')
  .min(0, 'must not be negative')
  .max(AMOUNT_MAX, 'is too large');
const money = wholeNumber.transform((value) => value as NanoUsd);
const seconds = z
  .int('must be a whole number of seconds')
  .min(1, 'must be at least a second')
  .max(YEAR_SECONDS, 'must not be longer than a year');

const gateWindow = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rolling'), seconds }),
  z.strictObject({ kind: z.literal('session'), seconds }),
  z.strictObject({ kind: z.literal('calendar'), unit: z.enum(['day', 'week', 'month']) }),
  z.strictObject({ kind: z.literal('cycle') }),
]);

const whenFull = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('refuse') }),
  z.strictObject({ do: z.literal('fallback'), to: name }),
  z.strictObject({ do: z.literal('credits') }),
  z.strictObject({ do: z.literal('overage') }),
  z.strictObject({ do: z.literal('slow') }),
]);

const gate = z.strictObject({
  id: name,
  unit: z.enum(GATE_UNITS),
  window: gateWindow,
  scope: z.enum(GATE_SCOPES),
  classes: z.array(name),
  limit: z
    .int('must be a whole number')
    .min(1, 'must be greater than zero')
    .max(AMOUNT_MAX, 'is too large'),
  whenFull,
});

const planVersion = z
  .strictObject({
    id: z
      .string()
      .min(1)
      .transform((id) => id as Id<'planVersion'>),
    plan: name,
    version: z.int().min(1),
    displayName: z.string().min(1).max(200),
    listed: z.boolean(),
    priceNanoUsd: money,
    period: z.literal('month'),
    seatsMax: z.int().min(1).max(1_000_000),
    classes: z
      .array(z.strictObject({ name, weightMilli: z.int().min(0).max(1_000_000_000) }))
      .min(1, 'must name at least one class')
      .max(CLASSES_MAX, `must not be more than ${CLASSES_MAX}`),
    billing: z.enum(['included', 'metered']),
    tariff: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('markup'), perMille: z.int().min(0).max(1_000_000) }),
      z.strictObject({ kind: z.literal('rates'), table: name }),
    ]),
    gates: z.array(gate).max(GATES_MAX, `must not be more than ${GATES_MAX}`),
    credits: z.strictObject({
      perPeriodNanoUsd: money,
      rollover: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('none') }),
        z.strictObject({ kind: z.literal('upTo'), maxNanoUsd: money }),
      ]),
    }),
    overageCapNanoUsd: money,
    fareCapNanoUsd: z.exactOptional(money),
    acquisitionBudgetNanoUsd: z.exactOptional(money),
    overdraftNanoUsd: money,
    queueClass: z.enum(['free', 'standard', 'priority']),
  })
  .superRefine((plan, context) => {
    for (const { field, message } of contradictions(plan)) {
      context.addIssue({ code: 'custom', path: [...field], message });
    }
  });

/** One thing that is wrong with a plan, and where. */
export interface PlanProblem {
  /** As people write it: `gates[2].whenFull.to`. */
  readonly field: string;
  readonly message: string;
}

/**
 * Reads a plan version from outside or from the store.
 * @throws DomainError `invalid_configuration`, naming the first field at fault; all of them in its message.
 */
export function parsePlanVersion(json: unknown): PlanVersion {
  const result = planVersion.safeParse(json);
  if (result.success) return Object.freeze(result.data);
  const problems = result.error.issues.map((issue) => ({
    field: fieldName(issue.path),
    message: issue.message,
  }));
  const text = problems
    .map(({ field, message }) => (field === '' ? message : `${field} ${message}`))
    .join('; ');
  throw new DomainError('invalid_configuration', `the plan version is not valid: ${text}`, {
    field: problems[0]?.field ?? '',
  });
}

/** What is wrong with a plan version; empty where it is sound. */
export function planProblems(json: unknown): readonly PlanProblem[] {
  const result = planVersion.safeParse(json);
  if (result.success) return [];
  return result.error.issues.map((issue) => ({
    field: fieldName(issue.path),
    message: issue.message,
  }));
}

function fieldName(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

interface Contradiction {
  readonly field: readonly (string | number)[];
  readonly message: string;
}

/** What each field alone allows and all together do not. */
function* contradictions(plan: PlanVersion): Generator<Contradiction> {
  const names = plan.classes.map((terms) => terms.name);
  for (const [index, className] of names.entries()) {
    if (names.indexOf(className) < index) {
      yield { field: ['classes', index, 'name'], message: `names the class ${className} again` };
    }
  }
  const ids = plan.gates.map((each) => each.id);
  for (const [index, each] of plan.gates.entries()) {
    const at = (...rest: (string | number)[]) => ['gates', index, ...rest];
    if (ids.indexOf(each.id) < index)
      yield { field: at('id'), message: `is the id of another gate: ${each.id}` };
    if (each.id === KEY_CAP_GATE_ID) yield { field: at('id'), message: `${each.id} is built in` };
    for (const [position, className] of each.classes.entries()) {
      if (!names.includes(className)) {
        yield {
          field: at('classes', position),
          message: `names ${className}, which is no class of the plan`,
        };
      }
    }
    yield* actionProblems(plan, index);
    if (
      each.scope === 'everyone' &&
      (each.window.kind === 'session' || each.window.kind === 'cycle')
    ) {
      yield {
        field: at('window', 'kind'),
        message: `cannot be ${each.window.kind} where the gate counts everyone`,
      };
    }
  }
  yield* fallbackCycles(plan);
  const counters = plan.gates
    .map((each) => (each.scope === 'class' ? each.classes.length || names.length : 1))
    .reduce((sum, count) => sum + count, 0);
  if (counters > COMPILED_GATES_MAX) {
    yield {
      field: ['gates'],
      message: `need ${counters} counters, and ${COMPILED_GATES_MAX} are the most`,
    };
  }
  if (plan.fareCapNanoUsd !== undefined && plan.billing !== 'metered') {
    yield {
      field: ['fareCapNanoUsd'],
      message: 'caps metered usage, and the plan includes its usage',
    };
  }
}

function* actionProblems(plan: PlanVersion, index: number): Generator<Contradiction> {
  const each = plan.gates[index];
  if (each === undefined) return;
  const action = each.whenFull;
  const field = ['gates', index, 'whenFull'];
  if (action.do === 'fallback' && !plan.classes.some((terms) => terms.name === action.to)) {
    yield { field: [...field, 'to'], message: `names ${action.to}, which is no class of the plan` };
  }
  if (action.do !== 'credits' && action.do !== 'overage') return;
  if (plan.billing === 'metered') {
    yield {
      field: [...field, 'do'],
      message: `${action.do} pays for included usage, and every request is metered here`,
    };
  }
  if (each.unit === 'credits') {
    yield {
      field: [...field, 'do'],
      message: `${action.do} cannot pay past a gate that counts credits`,
    };
  }
  if (action.do === 'overage' && plan.overageCapNanoUsd === 0) {
    yield {
      field: [...field, 'do'],
      message: 'overage is never paid with an overageCapNanoUsd of zero',
    };
  }
}

/** A class that may fall back to itself by way of others would have two gates send a request in circles. */
function* fallbackCycles(plan: PlanVersion): Generator<Contradiction> {
  const targets = new Map<string, Set<string>>();
  for (const [index, each] of plan.gates.entries()) {
    if (each.whenFull.do !== 'fallback') continue;
    const { to } = each.whenFull;
    for (const from of each.classes.length > 0
      ? each.classes
      : plan.classes.map((terms) => terms.name)) {
      // A gate over all classes sends its own target nowhere: that request is then refused.
      if (from === to && each.classes.length === 0) continue;
      if (reaches(targets, to, from)) {
        yield {
          field: ['gates', index, 'whenFull', 'to'],
          message: `sends ${from} round in a circle by ${to}`,
        };
        return;
      }
      targets.set(from, (targets.get(from) ?? new Set()).add(to));
    }
  }
}

function reaches(
  targets: ReadonlyMap<string, ReadonlySet<string>>,
  from: string,
  to: string,
): boolean {
  const open = [from];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === to) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(targets.get(next) ?? []));
  }
  return false;
}
