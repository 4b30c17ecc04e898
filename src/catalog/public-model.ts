import type { Catalog } from './catalog.ts';

/** What the books know of who answered a request. */
export interface AnsweredBy {
  /** A public name or an alias, as the client sent it. */
  readonly modelAsked: string;
  readonly classAsked: string;
  readonly classServed: string;
  readonly supplier: string | null;
  /** The supplier's own name. */
  readonly upstreamModel: string | null;
}

/**
 * The public name of the model that answered: the one that was asked for, unless a limit or a lack of
 * capacity sent the request to another class. A supplier's own name is the operator's business; where
 * the catalogue no longer has a model behind it, the class is named.
 */
export function publicModel(catalog: Catalog, answered: AnsweredBy): string {
  const { modelAsked, classAsked, classServed, supplier, upstreamModel } = answered;
  if (classServed === classAsked) return catalog.resolve(modelAsked)?.model.name ?? modelAsked;
  const ofSupplier = [...catalog.models.values()]
    .filter(({ model }) => model.className === classServed)
    .flatMap(({ routes }) => routes.map(({ route }) => route))
    .filter((route) => route.supplier === supplier);
  const route = ofSupplier.find((each) => each.upstreamModel === upstreamModel) ?? ofSupplier[0];
  return route?.model ?? classServed;
}

/** A model as people call it. */
export function modelTitle(catalog: Catalog, name: string): string {
  return catalog.resolve(name)?.model.displayName ?? name;
}
