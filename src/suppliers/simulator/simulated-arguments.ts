import type { Random } from '#base/random.ts';
import { listOf, recordOf } from '#metering/json-value.ts';

/** Schemas may refer to themselves; deeper values are left out. */
const DEPTH_MAX = 6;

/** The JSON text of arguments that fit a tool's schema in type, enumeration and required fields. */
export function simulatedArguments(schema: unknown, random: Random): string {
  return JSON.stringify(valueOf(schema, random, 0) ?? {});
}

function valueOf(schema: unknown, random: Random, depth: number): unknown {
  const shape = recordOf(schema);
  if (shape === undefined || depth > DEPTH_MAX) return undefined;
  const choices = listOf(shape['enum']);
  if (choices.length > 0) return choices[random.below(choices.length)];
  if ('const' in shape) return shape['const'];
  const alternatives = listOf(shape['anyOf'] ?? shape['oneOf']);
  if (alternatives.length > 0) return valueOf(alternatives[0], random, depth + 1);
  const type = Array.isArray(shape['type']) ? shape['type'][0] : shape['type'];
  switch (type) {
    case 'string':
      return `simulated ${random.below(1000)}`;
    case 'integer':
    case 'number':
      return Number(shape['minimum'] ?? 0) + random.below(10);
    case 'boolean':
      return random.below(2) === 1;
    case 'array':
      return [valueOf(shape['items'], random, depth + 1) ?? 'simulated'];
    case 'object':
    case undefined:
      return objectOf(shape['properties'], random, depth);
    default:
      return null;
  }
}

function objectOf(properties: unknown, random: Random, depth: number): Record<string, unknown> {
  const entries = Object.entries(recordOf(properties) ?? {});
  return Object.fromEntries(
    entries
      .map(([name, schema]) => [name, valueOf(schema, random, depth + 1)] as const)
      .filter(([, value]) => value !== undefined),
  );
}
