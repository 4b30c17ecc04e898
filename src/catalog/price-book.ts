import { DomainError } from '#base/domain-error.ts';
import { type PriceVersion, priceProblems } from '#pricing/price.ts';
import { ModelNames, type NameRule } from './model-names.ts';

/**
 * Under which the price book keeps the operator's own rates of that name, by the public names of
 * models. No supplier can be called so.
 */
export function ratesKey(name: string): string {
  return `rates/${name}`;
}

/** A name rule with the supplier whose responses it is about. */
export type SupplierNameRule = NameRule & { readonly supplier: string };

/**
 * All price versions in force or to come, by supplier and model, in the order of their effective times.
 * Immutable: a change makes a new book.
 */
export class PriceBook {
  readonly #versions = new Map<string, Map<string, readonly PriceVersion[]>>();
  readonly #names = new Map<string, ModelNames>();
  /** As the book was made with, beside the models' own names. */
  readonly nameRules: readonly SupplierNameRule[];

  constructor(versions: Iterable<PriceVersion>, rules: Iterable<SupplierNameRule> = []) {
    for (const version of versions) {
      const models =
        this.#versions.get(version.supplier) ?? new Map<string, readonly PriceVersion[]>();
      models.set(version.model, insertByTime(models.get(version.model) ?? [], version));
      this.#versions.set(version.supplier, models);
    }
    this.nameRules = [...rules];
    const rulesBySupplier = Map.groupBy(this.nameRules, (rule) => rule.supplier);
    for (const [supplier, models] of this.#versions) {
      this.#names.set(supplier, new ModelNames(models.keys(), rulesBySupplier.get(supplier) ?? []));
    }
  }

  /** The name under which a supplier's price for a response's model is kept. */
  modelOf(supplier: string, name: string): string | undefined {
    return this.#names.get(supplier)?.resolve(name);
  }

  /** The version in force at an instant; `model` is the name that the price is kept under. */
  at(supplier: string, model: string, atMs: number): PriceVersion | undefined {
    const versions = this.versions(supplier, model);
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i];
      if (version !== undefined && version.effectiveFromMs <= atMs) return version;
    }
    return undefined;
  }

  /** All versions of a model, oldest first. */
  versions(supplier: string, model: string): readonly PriceVersion[] {
    return this.#versions.get(supplier)?.get(model) ?? [];
  }

  /** Every version of the book. */
  *[Symbol.iterator](): Iterator<PriceVersion> {
    for (const models of this.#versions.values())
      for (const versions of models.values()) yield* versions;
  }
}

function insertByTime(
  versions: readonly PriceVersion[],
  version: PriceVersion,
): readonly PriceVersion[] {
  return [...versions, version].toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs);
}

/**
 * What the price book asks of a new version before it is published.
 * @param existing the versions in force of the same supplier and model, oldest first.
 * @param correction whether it may take effect before, or replace, what is already published.
 * @throws DomainError `invalid_price` on a negative or inexact rate, a malformed table, or an effective
 *   time that overlaps a published version without being a correction.
 */
export function admitVersion(
  version: PriceVersion,
  {
    existing,
    correction,
  }: { readonly existing: readonly PriceVersion[]; readonly correction: boolean },
): void {
  const name = `${version.supplier}/${version.model}`;
  const problems = priceProblems(version);
  if (problems.length > 0)
    throw new DomainError('invalid_price', `${name}: ${problems.join('; ')}`);
  const last = existing.at(-1);
  if (correction || last === undefined || version.effectiveFromMs > last.effectiveFromMs) return;
  throw new DomainError(
    'invalid_price',
    `${name}: a price effective from ${new Date(version.effectiveFromMs).toISOString()} overlaps the one published ` +
      `from ${new Date(last.effectiveFromMs).toISOString()}; only a correction may do that`,
  );
}
