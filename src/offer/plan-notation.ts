import { type Document, isMap, isSeq, parseDocument, stringify, type YAMLMap } from 'yaml';
import { formatUsd, nanoUsd } from '#base/money.ts';
import type { Gate, GateWindow, Tariff, WhenFull } from '#plans/plan-version.ts';
import type { PlanTerms } from './offer.ts';

/**
 * Plan terms as `breakeven.yaml` writes them: the inverse of what `readable-units.ts` reads. What has
 * its default is left out.
 */
export function planNotation(terms: PlanTerms): Record<string, unknown> {
  const { credits } = terms;
  return {
    ...(terms.displayName !== terms.plan && { name: terms.displayName }),
    ...(!terms.listed && { listed: false }),
    price: dollars(terms.priceNanoUsd),
    ...(terms.seatsMax !== 1 && { seats: terms.seatsMax }),
    classes: Object.fromEntries(
      terms.classes.map(({ name, weightMilli }) => [name, weightMilli / 1000]),
    ),
    billing: terms.billing,
    tariff: tariffNotation(terms.tariff),
    ...(terms.gates.length > 0 && { gates: terms.gates.map(gateNotation) }),
    ...(credits.perPeriodNanoUsd > 0 && { credits: dollars(credits.perPeriodNanoUsd) }),
    ...(credits.rollover.kind === 'upTo' && { rollover: dollars(credits.rollover.maxNanoUsd) }),
    ...(terms.overageCapNanoUsd > 0 && { 'overage cap': dollars(terms.overageCapNanoUsd) }),
    ...(terms.fareCapNanoUsd !== undefined && { 'fare cap': dollars(terms.fareCapNanoUsd) }),
    ...(terms.acquisitionBudgetNanoUsd !== undefined && {
      'acquisition budget': dollars(terms.acquisitionBudgetNanoUsd),
    }),
    ...(terms.overdraftNanoUsd > 0 && { overdraft: dollars(terms.overdraftNanoUsd) }),
    ...(terms.queueClass !== 'standard' && { queue: terms.queueClass }),
  };
}

/**
 * A document with some plans changed and all else to the letter as it was. Within a plan only the
 * fields that differ are touched, and its comments stay.
 */
export function withPlans(document: string, plans: readonly PlanTerms[]): string {
  return plans.reduce(withPlan, document);
}

function withPlan(document: string, terms: PlanTerms): string {
  const yaml = parseDocument(document);
  const wanted = planNotation(terms);
  const node: unknown = yaml.getIn(['plans', terms.plan], true);
  if (!isMap(node) || node.range === null || node.range === undefined || node.flow === true) {
    yaml.setIn(['plans', terms.plan], yaml.createNode(wanted));
    return yaml.toString({ lineWidth: LINE_WIDTH });
  }
  const [from, to] = node.range;
  const indent = from - (document.lastIndexOf('\n', from - 1) + 1);
  change(yaml, node, wanted);
  const text = stringify(node, { lineWidth: LINE_WIDTH - indent })
    .trimEnd()
    // The writer pads both kinds of brackets or none; people pad braces only.
    .replaceAll(/\[ ([^[\]]*) \]/g, '[$1]')
    .replaceAll('\n', `\n${' '.repeat(indent)}`)
    .replaceAll(/\n +\n/g, '\n\n');
  // A block's range reaches over the blank lines behind it.
  const gap = /\s*$/.exec(document.slice(from, to))?.[0] ?? '';
  return document.slice(0, from) + text + gap + document.slice(to);
}

const LINE_WIDTH = 100;

function change(yaml: Document, node: YAMLMap, wanted: Record<string, unknown>): void {
  const before = node.toJS(yaml) as Record<string, unknown>;
  for (const [field, value] of Object.entries(before)) {
    if (!(field in wanted) && !saysNothing(field, value)) node.delete(field);
  }
  for (const [field, value] of Object.entries(wanted)) {
    if (JSON.stringify(normal(before[field])) === JSON.stringify(normal(value))) continue;
    const made = yaml.createNode(value);
    if (isSeq(made)) for (const item of made.items) if (isMap(item)) shortLists(item);
    node.set(field, made);
  }
}

/** Lists within a gate stand on one line, as people write them. */
function shortLists(gate: YAMLMap): void {
  for (const { value } of gate.items) if (isSeq(value)) value.flow = true;
}

/** What holds without being written: {@link planNotation} leaves it out, and people need not. */
function saysNothing(field: string, value: unknown): boolean {
  return DEFAULTS[field] === value || /^\$0(\.0+)?$/.test(String(value));
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  period: 'month',
  queue: 'standard',
  listed: true,
  seats: 1,
};

/** So that `$1400` and `$1,400` are one value. */
function normal(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(',', '');
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => !(key === 'scope' && each === 'customer'))
      .map(([key, each]) => [key, normal(each)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

const dollars = (amount: number): string => formatUsd(nanoUsd(amount)).replace(/\.00$/, '');

function gateNotation(gate: Gate): Record<string, unknown> {
  return {
    id: gate.id,
    limit: limitNotation(gate),
    window: windowNotation(gate.window),
    ...(gate.scope !== 'customer' && { scope: gate.scope }),
    ...(gate.classes.length > 0 && { classes: gate.classes }),
    'when full': whenFullNotation(gate.whenFull),
  };
}

/** `160 messages`, `$150 of cost`. */
export function limitNotation({ unit, limit }: Pick<Gate, 'unit' | 'limit'>): string {
  if (unit === 'messages') return `${limit / 1000} messages`;
  return unit === 'tokens' ? `${limit} tokens` : `${dollars(limit)} of ${unit}`;
}

/** `3h`, `session 5h`, `week`, `billing period`. */
export function windowNotation(window: GateWindow): string {
  if (window.kind === 'cycle') return 'billing period';
  if (window.kind === 'calendar') return window.unit;
  const { seconds } = window;
  const span =
    seconds % 86_400 === 0
      ? `${seconds / 86_400}d`
      : seconds % 3600 === 0
        ? `${seconds / 3600}h`
        : seconds % 60 === 0
          ? `${seconds / 60}m`
          : `${seconds}s`;
  return window.kind === 'session' ? `session ${span}` : span;
}

/** `refuse`, `fall back to fast`. */
export function whenFullNotation(action: WhenFull): string {
  if (action.do === 'fallback') return `fall back to ${action.to}`;
  return action.do === 'slow' ? 'slow lane' : action.do;
}

function tariffNotation(tariff: Tariff): string {
  if (tariff.kind === 'rates') return `prices of ${tariff.table}`;
  return tariff.perMille === 1000 ? 'cost' : `cost + ${(tariff.perMille - 1000) / 10}%`;
}
