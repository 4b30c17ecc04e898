import type { Model, Route } from '#catalog/model.ts';
import type { SupplierNameRule } from '#catalog/price-book.ts';
import type { Supplier } from '#catalog/supplier.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { PriceVersion } from '#pricing/price.ts';

/** A price as the document has it, before it is published as a version. */
export type OfferedPrice = Omit<PriceVersion, 'id'>;

/** A plan as the document has it, before it is published as a version. */
export type PlanTerms = Omit<PlanVersion, 'id' | 'version'>;

/** What the operator offers: one document, read and checked. */
export interface Offer {
  readonly suppliers: readonly Supplier[];
  readonly models: readonly Model[];
  readonly routes: readonly Route[];
  readonly prices: readonly OfferedPrice[];
  readonly priceNames: readonly SupplierNameRule[];
  readonly plans: readonly PlanTerms[];
  /** The text it was read from. */
  readonly document: string;
}

/** Something wrong in a document, and where: keys and indexes from the top. */
export interface OfferProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
