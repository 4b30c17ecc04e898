import type { Findings } from './findings.ts';
import type { JsonRecord } from './json-value.ts';

/**
 * The largest count that is believed: two orders above any context window, and small enough that
 * sums over millions of parts stay safe integers.
 */
const COUNT_MAX = 1_000_000_000;

/**
 * Reads a count. The one policy of trust: a count is a non-negative integer up to
 * {@link COUNT_MAX}. Absent and null are absent. Everything else (negative, fractional, NaN, text,
 * absurdly large) is a finding and reads as absent: it is neither billed nor clamped to something
 * plausible.
 */
export function countOf(
  from: JsonRecord | undefined,
  field: string,
  findings: Findings,
  path = 'usage',
): number | undefined {
  const value = from?.[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= COUNT_MAX) {
    return value === 0 ? 0 : value; // -0 becomes 0
  }
  // Objects under a count's name are another vendor's shape, not a broken count.
  if (typeof value !== 'object') findings.add(`${path}.${field} is no count: ${printed(value)}`);
  return undefined;
}

/**
 * One count under several names: the first that is more than zero, since gateways that speak two shapes
 * fill in one and leave the other at zero; zero where all that are there say so.
 */
export function firstCountOf(
  from: JsonRecord | undefined,
  fields: readonly string[],
  findings: Findings,
  path = 'usage',
): number | undefined {
  let none: number | undefined;
  for (const field of fields) {
    const count = countOf(from, field, findings, path);
    if (count !== undefined && count > 0) return count;
    none ??= count;
  }
  return none;
}

/** Scalars as they are, cut short; a finding never carries a vendor's text at length. */
function printed(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 20));
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? `${value}`
    : typeof value;
}

/**
 * A total from which disjoint details are taken. What is taken never exceeds the total, so the parts
 * always add up to it; a detail that asks for more gets what is left and leaves a finding.
 */
export class Remainder {
  #left: number;
  readonly #findings: Findings;
  readonly #name: string;

  constructor(total: number, name: string, findings: Findings) {
    this.#left = total;
    this.#name = name;
    this.#findings = findings;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes a detail out of the total. */
  take(wanted: number | undefined, detail: string): number {
    const taken = this.takeUpTo(wanted ?? 0);
    if (taken < (wanted ?? 0))
      this.#findings.add(`${detail} ${wanted} exceeds what is left of ${this.#name}: ${taken}`);
    return taken;
  }

  /** As {@link take}, where running out is expected and the caller carries on elsewhere. */
  takeUpTo(wanted: number): number {
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }
}

const COUNT_NAME = /(?:tokens?|_count|units?|requests?|queries|seconds|characters|pages)$/i;

/**
 * Reports counts in fields that the decoder does not know, such as a kind of token that a vendor
 * has begun to bill.
 */
export function findUnknownCounts(
  usage: JsonRecord | undefined,
  known: ReadonlySet<string>,
  findings: Findings,
  path = 'usage',
): void {
  if (usage === undefined) return;
  for (const [field, value] of Object.entries(usage)) {
    // What is not whole is a time or a rate (SambaNova's `time_to_first_token`).
    if (known.has(field) || !Number.isInteger(value) || !(Number(value) > 0)) continue;
    if (COUNT_NAME.test(field)) findings.add(`${path}.${field} is not known: ${Number(value)}`);
  }
}
