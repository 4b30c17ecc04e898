import type { Pool, PoolClient } from 'pg';
import { idFromUuid, uuidOf } from '#base/id.ts';
import type { Id } from '#base/id.ts';
import { withStore } from '#db/pool.ts';
import type { PriceVersion } from '#pricing/price.ts';
import { Catalog, type CatalogData } from './catalog.ts';
import type { Model, Route } from './model.ts';
import { admitVersion, PriceBook, type SupplierNameRule } from './price-book.ts';
import { readPriceRows, writePriceRows } from './price-rows.ts';
import type { Supplier } from './supplier.ts';

/** The channel of PostgreSQL's NOTIFY on which every change of the catalogue is told; the payload is the new version. */
export const CATALOG_CHANNEL = 'breakeven_catalog';

/**
 * Reads the whole catalogue as of one instant.
 * @param options.usable whether a supplier can be called now; see {@link CatalogData}.
 * @throws DomainError `store_unavailable`
 */
export function loadCatalog(
  db: Pool | PoolClient,
  options: Pick<CatalogData, 'usable'> = {},
): Promise<Catalog> {
  return withStore(async () => {
    const { rows } = await db.query<CatalogRow>(READ_CATALOG);
    const row = rows[0];
    if (row === undefined) throw new Error('the catalogue has no state row');
    return new Catalog({
      ...options,
      version: row.version,
      suppliers: row.suppliers,
      models: row.models,
      routes: row.routes,
      prices: new PriceBook(readPriceRows(row.prices), row.names),
    });
  });
}

/**
 * Holds every other writer of the catalogue back until the transaction ends. Whoever changes prices,
 * models or plans takes this first, so that what it read and compared stays true until it commits.
 */
export async function lockCatalog(client: PoolClient): Promise<void> {
  await client.query('SELECT version FROM catalog_state FOR UPDATE');
}

/** Counts the change and tells every process, as the transaction commits. */
export async function announceCatalogChange(client: PoolClient): Promise<void> {
  await client.query(
    `WITH changed AS (UPDATE catalog_state SET version = version + 1 RETURNING version)
     SELECT pg_notify($1, version::text) FROM changed`,
    [CATALOG_CHANNEL],
  );
}

export interface PriceWriteOptions {
  /** The price book as it is under the lock. */
  readonly prices: PriceBook;
  /** Whether versions may take effect before, or replace, published ones. */
  readonly correction: boolean;
  readonly nowMs: number;
}

/**
 * Publishes price versions. A correction with the effective time of a published version withdraws that.
 * @returns the ids that were withdrawn.
 * @throws DomainError `invalid_price`, naming supplier and model; nothing is written then.
 */
export async function publishPrices(
  client: PoolClient,
  versions: readonly PriceVersion[],
  { prices, correction, nowMs }: PriceWriteOptions,
): Promise<readonly Id<'priceVersion'>[]> {
  const replaced: Id<'priceVersion'>[] = [];
  const inForce = new Map<string, readonly PriceVersion[]>();
  for (const version of versions.toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs)) {
    const key = `${version.supplier}/${version.model}`;
    const existing = inForce.get(key) ?? prices.versions(version.supplier, version.model);
    admitVersion(version, { existing, correction });
    const kept = existing.filter((other) => other.effectiveFromMs !== version.effectiveFromMs);
    for (const other of existing) if (!kept.includes(other)) replaced.push(other.id);
    inForce.set(
      key,
      [...kept, version].toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs),
    );
  }
  await setWithdrawn(client, replaced, new Date(nowMs));
  await writePriceRows(client, versions, nowMs);
  return replaced;
}

/** Takes published prices out of force (a date), or puts them back (`null`). */
export async function setWithdrawn(
  client: PoolClient,
  ids: readonly Id<'priceVersion'>[],
  withdrawnAt: Date | null,
): Promise<void> {
  if (ids.length === 0) return;
  await client.query('UPDATE price_version SET withdrawn_at = $2 WHERE id = ANY ($1::uuid[])', [
    ids.map(uuidOf),
    withdrawnAt,
  ]);
}

/** The ids of all published versions, those out of force too. */
export async function knownPriceIds(client: PoolClient): Promise<ReadonlySet<Id<'priceVersion'>>> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM price_version');
  return new Set(rows.map((row) => idFromUuid('priceVersion', row.id)));
}

/** Makes these the suppliers, models and routes. Prices and price names are left alone. */
export async function replaceOffering(
  client: PoolClient,
  offering: {
    readonly suppliers: readonly Supplier[];
    readonly models: readonly Model[];
    readonly routes: readonly Route[];
  },
): Promise<void> {
  await client.query('DELETE FROM model');
  await client.query('DELETE FROM supplier');
  await client.query(WRITE_SUPPLIERS, [JSON.stringify(offering.suppliers)]);
  await client.query(WRITE_MODELS, [JSON.stringify(offering.models)]);
  await client.query(WRITE_ROUTES, [JSON.stringify(offering.routes)]);
}

/** Adds the name rules of an import; what is already there stays. */
export async function addPriceNames(
  client: PoolClient,
  rules: readonly SupplierNameRule[],
): Promise<void> {
  await writePriceNames(client, rules, 'import');
}

/** Makes these the operator's name rules; they go before those of imports. */
export async function replacePriceNames(
  client: PoolClient,
  rules: readonly SupplierNameRule[],
): Promise<void> {
  await client.query(`DELETE FROM price_name WHERE origin = 'offer'`);
  await writePriceNames(client, rules, 'offer');
}

async function writePriceNames(
  client: PoolClient,
  rules: readonly SupplierNameRule[],
  origin: 'offer' | 'import',
): Promise<void> {
  await client.query(
    `INSERT INTO price_name (supplier, kind, text, model, origin)
     SELECT supplier, kind, text, model, $2
     FROM jsonb_to_recordset($1) AS rule (supplier text, kind text, text text, model text)
     ON CONFLICT (supplier, kind, text, origin) DO NOTHING`,
    [JSON.stringify(rules), origin],
  );
}

interface CatalogRow {
  readonly version: number;
  readonly suppliers: readonly Supplier[];
  readonly models: readonly Model[];
  readonly routes: readonly Route[];
  readonly names: readonly SupplierNameRule[];
  readonly prices: Parameters<typeof readPriceRows>[0];
}

/** One statement, so that all parts are of one snapshot. */
const READ_CATALOG = `
  SELECT
    (SELECT version FROM catalog_state) AS version,
    (SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'id', id, 'displayName', display_name, 'protocol', protocol,
        'baseUrl', base_url, 'keyRef', key_ref, 'usage', usage_dialect, 'enabled', enabled)) ORDER BY ordinal), '[]')
      FROM supplier) AS suppliers,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'name', name, 'aliases', aliases, 'displayName', display_name, 'className', class_name,
        'contextTokensMax', context_tokens_max, 'outputTokensMax', output_tokens_max,
        'outputTokensP99', output_tokens_p99, 'inputModalities', input_modalities,
        'outputModalities', output_modalities, 'enabled', enabled) ORDER BY ordinal), '[]')
      FROM model) AS models,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'model', model, 'supplier', supplier, 'upstreamModel', upstream_model, 'priority', priority,
        'weight', weight, 'firstByteTimeoutMs', first_byte_timeout_ms,
        'idleTimeoutMs', idle_timeout_ms, 'enabled', enabled)
        ORDER BY model, priority, supplier, upstream_model), '[]')
      FROM route) AS routes,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'supplier', supplier, 'kind', kind, 'text', text, 'model', model)
        ORDER BY origin, supplier, kind, text), '[]')
      FROM price_name) AS names,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', id, 'supplier', supplier, 'model', model, 'source', source,
        'effectiveFromMs', round(extract(epoch FROM effective_from) * 1000),
        'windows', (SELECT coalesce(jsonb_agg(jsonb_build_array(from_second, to_second, weekdays) ORDER BY ordinal), '[]')
          FROM price_day_window WHERE price_version_id = price_version.id),
        'rates', (SELECT coalesce(jsonb_agg(jsonb_build_array(
            day_window, service_tier, above_input_tokens, unit, rate_pico_usd)
            ORDER BY day_window, service_tier, above_input_tokens, unit), '[]')
          FROM price_rate WHERE price_version_id = price_version.id))
        ORDER BY supplier, model, effective_from), '[]')
      FROM price_version WHERE withdrawn_at IS NULL) AS prices`;

const WRITE_SUPPLIERS = `
  INSERT INTO supplier (id, display_name, protocol, base_url, key_ref, usage_dialect, enabled, ordinal)
  SELECT s->>'id', s->>'displayName', s->>'protocol', s->>'baseUrl', s->>'keyRef',
    s->>'usage', (s->>'enabled')::boolean, ordinal
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (s, ordinal)`;

const TEXTS = (field: string): string => `ARRAY(SELECT jsonb_array_elements_text(m->'${field}'))`;
const WRITE_MODELS = `
  INSERT INTO model (name, aliases, display_name, class_name, context_tokens_max, output_tokens_max,
    output_tokens_p99, input_modalities, output_modalities, enabled, ordinal)
  SELECT m->>'name', ${TEXTS('aliases')}, m->>'displayName', m->>'className',
    (m->>'contextTokensMax')::integer, (m->>'outputTokensMax')::integer,
    (m->>'outputTokensP99')::integer, ${TEXTS('inputModalities')}, ${TEXTS('outputModalities')},
    (m->>'enabled')::boolean, ordinal
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (m, ordinal)`;

const WRITE_ROUTES = `
  INSERT INTO route (model, supplier, upstream_model, priority, weight, first_byte_timeout_ms,
    idle_timeout_ms, enabled)
  SELECT r->>'model', r->>'supplier', r->>'upstreamModel', (r->>'priority')::integer,
    (r->>'weight')::integer, (r->>'firstByteTimeoutMs')::integer, (r->>'idleTimeoutMs')::integer,
    (r->>'enabled')::boolean
  FROM jsonb_array_elements($1::jsonb) AS t (r)`;
