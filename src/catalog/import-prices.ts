import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { transaction } from '#db/pool.ts';
import { type PriceVersion, STANDARD_TIER } from '#pricing/price.ts';
import {
  addPriceNames,
  announceCatalogChange,
  knownPriceIds,
  loadCatalog,
  lockCatalog,
  publishPrices,
} from './catalog.store.ts';
import {
  IMPORT_SOURCE,
  type ImportedModel,
  type ImportedPrices,
  priceId,
  type RefusedModel,
} from './genai-prices.ts';
import type { PriceBook } from './price-book.ts';
import { diffRates, type RateChange } from './price-diff.ts';

/** What an import would do, or has done. */
export interface PriceImport {
  readonly source: string;
  readonly added: readonly {
    readonly supplier: string;
    readonly model: string;
    readonly versions: number;
  }[];
  readonly changed: readonly ChangedPrice[];
  /** What the operator priced otherwise than the table; left as it is. */
  readonly disagreements: readonly ChangedPrice[];
  readonly unchanged: number;
  readonly refused: readonly RefusedModel[];
  /** What would be, or was, published. */
  readonly publish: readonly PriceVersion[];
}

export interface ChangedPrice {
  readonly supplier: string;
  readonly model: string;
  readonly effectiveFromMs: number;
  readonly changes: readonly RateChange[];
}

/**
 * Compares a table with the price book, without changing anything. A model that is new comes with all
 * its versions. For a known model the table's figures of today take effect now and those to come at their
 * time; service tiers that the table does not have (it has no batch, flex or priority) are kept as they
 * are. What the operator wrote in `breakeven.yaml` is never overwritten: where the table says otherwise,
 * the two are shown side by side.
 */
export function diffPrices(book: PriceBook, imported: ImportedPrices, nowMs: number): PriceImport {
  const added: PriceImport['added'][number][] = [];
  const changed: ChangedPrice[] = [];
  const refused: RefusedModel[] = [...imported.refused];
  const disagreements: ChangedPrice[] = [];
  const publish: PriceVersion[] = [];
  let unchanged = 0;
  for (const model of imported.models) {
    const existing = book.versions(model.supplier, model.model);
    if (existing.length === 0) {
      added.push({ supplier: model.supplier, model: model.model, versions: model.versions.length });
      publish.push(...model.versions);
      continue;
    }
    if (existing.some((version) => !version.source.startsWith(IMPORT_SOURCE))) {
      const disagreement = disagreementOf(model, existing, nowMs);
      if (disagreement === undefined) unchanged += 1;
      else disagreements.push(disagreement);
      continue;
    }
    const fresh = changesOf(model, existing, nowMs);
    const late = fresh.find(
      ({ version }) => version.effectiveFromMs <= (existing.at(-1)?.effectiveFromMs ?? 0),
    );
    if (fresh.length === 0) unchanged += 1;
    else if (late !== undefined) {
      const reason = 'the price book already has a price that takes effect later';
      refused.push({ supplier: model.supplier, model: model.model, reasons: [reason] });
    } else {
      for (const { version, changes } of fresh) {
        publish.push(version);
        const { supplier, model: name, effectiveFromMs } = version;
        changed.push({ supplier, model: name, effectiveFromMs, changes });
      }
    }
  }
  return { source: imported.source, added, changed, disagreements, unchanged, refused, publish };
}

/** Where the table and the operator give different figures today for the same unit. */
function disagreementOf(
  model: ImportedModel,
  existing: readonly PriceVersion[],
  nowMs: number,
): ChangedPrice | undefined {
  const table = model.versions.findLast((version) => version.effectiveFromMs <= nowMs);
  const own = existing.findLast((version) => version.effectiveFromMs <= nowMs);
  if (table === undefined || own === undefined) return undefined;
  const changes = diffRates(own, table).filter(
    ({ fromPicoUsd, toPicoUsd }) => fromPicoUsd !== undefined && toPicoUsd !== undefined,
  );
  if (changes.length === 0) return undefined;
  return { supplier: model.supplier, model: model.model, effectiveFromMs: nowMs, changes };
}

interface Fresh {
  readonly version: PriceVersion;
  readonly changes: readonly RateChange[];
}

/** The versions of a table that differ from what the book will say at their time. */
function changesOf(
  model: ImportedModel,
  existing: readonly PriceVersion[],
  nowMs: number,
): readonly Fresh[] {
  const current = model.versions.findLast((version) => version.effectiveFromMs <= nowMs);
  const toCome = model.versions.filter((version) => version.effectiveFromMs > nowMs);
  const fresh: Fresh[] = [];
  let book = existing;
  for (const table of [...(current ? [{ ...current, effectiveFromMs: nowMs }] : []), ...toCome]) {
    const before =
      book.findLast((version) => version.effectiveFromMs <= table.effectiveFromMs) ?? book[0];
    if (before === undefined) continue;
    const kept = Object.entries(before.serviceTiers).filter(([name]) => name !== STANDARD_TIER);
    const merged = {
      ...table,
      serviceTiers: { ...Object.fromEntries(kept), ...table.serviceTiers },
    };
    const changes = diffRates(before, merged);
    if (changes.length === 0) continue;
    const version = { ...merged, id: priceId(merged) };
    fresh.push({ version, changes });
    book = [...book, version].toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs);
  }
  return fresh;
}

/**
 * Publishes what {@link diffPrices} finds, in one transaction, and tells every process.
 * @throws DomainError `invalid_price`, `store_unavailable`; nothing is changed then.
 */
export function importPrices(
  pool: Pool,
  { imported, clock }: { readonly imported: ImportedPrices; readonly clock: Clock },
): Promise<PriceImport> {
  return transaction(pool, async (client) => {
    await lockCatalog(client);
    const { prices } = await loadCatalog(client);
    const nowMs = clock.nowMs();
    const found = diffPrices(prices, imported, nowMs);
    const known = await knownPriceIds(client);
    const publish = found.publish.filter(({ id }) => !known.has(id));
    await publishPrices(client, publish, { prices, correction: false, nowMs });
    await addPriceNames(
      client,
      imported.models.flatMap(({ supplier, names }) =>
        names.map((rule) => ({ ...rule, supplier })),
      ),
    );
    await announceCatalogChange(client);
    return found;
  });
}
