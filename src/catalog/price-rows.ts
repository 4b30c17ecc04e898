import type { PoolClient } from 'pg';
import { idFromUuid, uuidOf } from '#base/id.ts';
import type { UsageUnit } from '#metering/usage.ts';
import type { ContextTier, PriceVersion, ServiceTiers } from '#pricing/price.ts';

/** Day window (0 = all day), service tier, context border, unit, rate. */
type RateRow = readonly [number, string, number, UsageUnit, number];

/** A price version as the database gives it. */
export interface PriceRow {
  readonly id: string;
  readonly supplier: string;
  readonly model: string;
  readonly source: string;
  readonly effectiveFromMs: number;
  /** From, to, weekdays. */
  readonly windows: readonly (readonly [number, number, readonly number[] | null])[];
  readonly rates: readonly RateRow[];
}

/** Rates must come in the order of window, tier and border. */
export function readPriceRows(rows: readonly PriceRow[]): readonly PriceVersion[] {
  return rows.map((row) => {
    const byWindow = Map.groupBy(row.rates, ([window]) => window);
    return Object.freeze({
      id: idFromUuid('priceVersion', row.id),
      supplier: row.supplier,
      model: row.model,
      effectiveFromMs: row.effectiveFromMs,
      serviceTiers: serviceTiersOf(byWindow.get(0) ?? []),
      dayWindows: row.windows.map(([fromSecond, toSecond, weekdays], i) => ({
        fromSecond,
        toSecond,
        ...(weekdays !== null && { weekdays }),
        serviceTiers: serviceTiersOf(byWindow.get(i + 1) ?? []),
      })),
      source: row.source,
    });
  });
}

function serviceTiersOf(rows: readonly RateRow[]): ServiceTiers {
  const serviceTiers: Record<string, ContextTier[]> = {};
  for (const [, name, aboveInputTokens, unit, rate] of rows) {
    const tiers = (serviceTiers[name] ??= []);
    const last = tiers.at(-1);
    const tier =
      last?.aboveInputTokens === aboveInputTokens ? last : { aboveInputTokens, rates: {} };
    if (tier !== last) tiers.push(tier);
    (tier.rates as Record<string, number>)[unit] = rate;
  }
  return serviceTiers;
}

/** Inserts price versions with their windows and rates, in three statements. */
export async function writePriceRows(
  client: PoolClient,
  versions: readonly PriceVersion[],
  nowMs: number,
): Promise<void> {
  if (versions.length === 0) return;
  await client.query(
    `INSERT INTO price_version (id, supplier, model, effective_from, source, published_at)
     SELECT (v->>'id')::uuid, v->>'supplier', v->>'model', to_timestamp((v->>'fromMs')::numeric / 1000),
       v->>'source', $2
     FROM jsonb_array_elements($1::jsonb) AS t (v)`,
    [
      JSON.stringify(
        versions.map(({ id, supplier, model, source, effectiveFromMs }) => ({
          id: uuidOf(id),
          supplier,
          model,
          source,
          fromMs: effectiveFromMs,
        })),
      ),
      new Date(nowMs),
    ],
  );
  const windows = versions.flatMap(({ id, dayWindows }) =>
    dayWindows.map(({ fromSecond, toSecond, weekdays }, i) => [
      uuidOf(id),
      i + 1,
      fromSecond,
      toSecond,
      weekdays ?? null,
    ]),
  );
  await client.query(
    `INSERT INTO price_day_window (price_version_id, ordinal, from_second, to_second, weekdays)
     SELECT (w->>0)::uuid, (w->>1)::smallint, (w->>2)::integer, (w->>3)::integer,
       CASE WHEN jsonb_typeof(w->4) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(w->4)::smallint) END
     FROM jsonb_array_elements($1::jsonb) AS t (w)`,
    [JSON.stringify(windows)],
  );
  await client.query(
    `INSERT INTO price_rate (price_version_id, day_window, service_tier, above_input_tokens, unit, rate_pico_usd)
     SELECT (r->>0)::uuid, (r->>1)::smallint, r->>2, (r->>3)::bigint, r->>4, (r->>5)::bigint
     FROM jsonb_array_elements($1::jsonb) AS t (r)`,
    [JSON.stringify(versions.flatMap(rateRowsOf))],
  );
}

function rateRowsOf({ id, serviceTiers, dayWindows }: PriceVersion): unknown[] {
  const tables = [serviceTiers, ...dayWindows.map((window) => window.serviceTiers)];
  return tables.flatMap((table, window) =>
    Object.entries(table).flatMap(([name, tiers]) =>
      tiers.flatMap(({ aboveInputTokens, rates }) =>
        Object.entries(rates).map(([unit, rate]) => [
          uuidOf(id),
          window,
          name,
          aboveInputTokens,
          unit,
          rate,
        ]),
      ),
    ),
  );
}
