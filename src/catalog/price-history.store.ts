import type { Pool } from 'pg';

export interface PublishedPrice {
  readonly id: string;
  readonly supplier: string;
  readonly model: string;
  readonly effective_from: Date;
  readonly published_at: Date;
  readonly withdrawn_at: Date | null;
  readonly source: string;
  readonly in_force: boolean;
  readonly rates: readonly {
    readonly serviceTier: string;
    readonly aboveInputTokens: number;
    readonly dayWindow: number;
    readonly unit: string;
    readonly picoUsd: number;
  }[];
}

/** Every price that was ever published, newest first. */
export async function listPublishedPrices(
  pool: Pool,
  query: {
    readonly supplier: string | undefined;
    readonly model: string | undefined;
    readonly text: string | undefined;
    readonly offset: number;
    readonly limit: number;
  },
): Promise<readonly PublishedPrice[]> {
  const { rows } = await pool.query<PublishedPrice>(
    `SELECT v.*, v.withdrawn_at IS NULL AND v.effective_from <= now() AND NOT EXISTS (
              SELECT FROM price_version n WHERE n.supplier = v.supplier AND n.model = v.model
                 AND n.withdrawn_at IS NULL AND n.effective_from <= now() AND n.effective_from > v.effective_from
            ) AS in_force,
            (SELECT coalesce(json_agg(json_build_object('serviceTier', r.service_tier,
                      'aboveInputTokens', r.above_input_tokens, 'dayWindow', r.day_window, 'unit', r.unit,
                      'picoUsd', r.rate_pico_usd) ORDER BY r.service_tier, r.above_input_tokens, r.unit), '[]')
               FROM price_rate r WHERE r.price_version_id = v.id) AS rates
       FROM (SELECT * FROM price_version
              WHERE ($1::text IS NULL OR supplier = $1) AND ($2::text IS NULL OR model = $2)
                AND ($3::text IS NULL OR strpos(supplier || '/' || model, $3) > 0)
              ORDER BY effective_from DESC, supplier, model, id LIMIT $5 OFFSET $4) AS v
      ORDER BY v.effective_from DESC, v.supplier, v.model, v.id`,
    [query.supplier ?? null, query.model ?? null, query.text ?? null, query.offset, query.limit],
  );
  return rows;
}
