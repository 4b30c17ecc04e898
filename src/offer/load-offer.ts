import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { DomainError } from '#base/domain-error.ts';
import type { Model, Route } from '#catalog/model.ts';
import type { Supplier } from '#catalog/supplier.ts';
import { type OfferDocument, offerDocumentSchema } from './offer-document.schema.ts';
import { offeredPlans } from './offer-plans.ts';
import { offeredPriceNames, offeredPrices } from './offer-prices.ts';
import type { Offer, OfferProblem } from './offer.ts';

/** As many problems are told at once. */
const PROBLEMS_MAX = 20;
const ALIASES_MAX = 1000;
/** A document of thousands of models has a few hundred kilobytes. */
const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Reads a `breakeven.yaml`.
 * @param name what to call it in errors.
 * @throws DomainError `invalid_configuration`: every problem with its line and field, one a line.
 */
export function loadOffer(text: string, name = 'breakeven.yaml'): Offer {
  if (text.length > DOCUMENT_BYTES_MAX) throw invalid(name, ['it is larger than 4 MB']);
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (yaml.errors.length > 0) {
    throw invalid(
      name,
      yaml.errors.map((error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}`),
    );
  }
  const problems: OfferProblem[] = [];
  const parsed = offerDocumentSchema.safeParse(plainValue(yaml, name));
  const offer = parsed.success ? offerOf(parsed.data, { text, problems }) : undefined;
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap(problemsOf));
  if (offer !== undefined && problems.length === 0) return offer;
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? yaml.contents : yaml.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  throw invalid(
    name,
    problems.map(({ path, message }) => `line ${lineOf(path)}, ${fieldOf(path)}: ${message}`),
  );
}

function plainValue(yaml: Document, name: string): unknown {
  try {
    return yaml.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    // The only thing that it throws on: aliases of aliases that would unfold without end.
    if (error instanceof ReferenceError) throw invalid(name, [error.message]);
    throw error;
  }
}

function invalid(name: string, problems: readonly string[]): DomainError {
  const shown = problems.slice(0, PROBLEMS_MAX);
  const more = problems.length - shown.length;
  const text = [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  return new DomainError('invalid_configuration', `${name}: ${text}`);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly keys?: readonly string[];
}

/** An unknown key is a problem of that key, on its line. */
function problemsOf(issue: Issue): readonly OfferProblem[] {
  if (issue.code === 'unrecognized_keys' && issue.keys !== undefined) {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: 'there is no such field',
    }));
  }
  return [{ path: issue.path, message: issue.message }];
}

/** `plans.pro.gates[0].limit` */
function fieldOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the document';
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

function offerOf(
  document: OfferDocument,
  { text, problems }: { readonly text: string; readonly problems: OfferProblem[] },
): Offer {
  checkNames(document, problems);
  return {
    suppliers: Object.entries(document.suppliers).map(([id, supplier]): Supplier => ({
      id,
      displayName: supplier.name ?? id,
      protocol: supplier.protocol,
      baseUrl: supplier.url?.replace(/\/+$/, ''),
      keyRef: supplier.key === true ? id : supplier.key === false ? undefined : supplier.key,
      ...(supplier.usage !== undefined && { usage: supplier.usage }),
      enabled: supplier.enabled,
    })),
    models: Object.entries(document.models).map(([name, model]): Model => ({
      name,
      aliases: model.aliases,
      displayName: model.name ?? name,
      className: model.class,
      contextTokensMax: model.context,
      outputTokensMax: model.output,
      outputTokensP99: model.p99,
      inputModalities: model.takes,
      outputModalities: model.gives,
      enabled: model.enabled,
    })),
    routes: Object.entries(document.models).flatMap(([name, model]) =>
      model.routes.map((route): Route => ({
        model: name,
        supplier: route.supplier,
        upstreamModel: route.model ?? name,
        priority: route.priority,
        weight: route.weight,
        firstByteTimeoutMs: route['first byte'],
        idleTimeoutMs: route.idle,
        enabled: route.enabled,
      })),
    ),
    prices: offeredPrices(document, problems),
    priceNames: offeredPriceNames(document),
    plans: offeredPlans(document, problems),
    document: text,
  };
}

function checkNames({ suppliers, models, prices }: OfferDocument, problems: OfferProblem[]): void {
  for (const [id, supplier] of Object.entries(suppliers)) {
    if (supplier.protocol !== 'simulator' && supplier.url === undefined) {
      problems.push({ path: ['suppliers', id], message: 'it has no url' });
    }
    if (supplier.usage !== undefined && supplier.protocol !== 'openai-compatible') {
      problems.push({
        path: ['suppliers', id, 'usage'],
        message: `the protocol ${supplier.protocol} says how its usage reads; only openai-compatible leaves it open`,
      });
    }
  }
  const names = new Set(Object.keys(models));
  for (const [name, model] of Object.entries(models)) {
    const path = ['models', name];
    for (const [i, alias] of model.aliases.entries()) {
      if (names.has(alias))
        problems.push({ path: [...path, 'aliases', i], message: `${alias} is taken` });
      names.add(alias);
    }
    if (model.p99 > model.output)
      problems.push({ path: [...path, 'p99'], message: 'it is above output' });
    const ways = new Set<string>();
    for (const [i, route] of model.routes.entries()) {
      const at = [...path, 'routes', i];
      const way = `${route.supplier} ${route.model ?? name}`;
      if (ways.has(way)) problems.push({ path: at, message: 'the same route stands twice' });
      ways.add(way);
      if (!Object.hasOwn(suppliers, route.supplier)) {
        problems.push({
          path: [...at, 'supplier'],
          message: `there is no supplier ${route.supplier}`,
        });
      }
    }
  }
  for (const id of Object.keys(prices)) {
    if (Object.hasOwn(suppliers, id)) continue;
    problems.push({ path: ['prices', id], message: `there is no supplier ${id}` });
  }
}
