import type { Pool, PoolClient } from 'pg';
import { type Id, idFromUuid, uuidOf } from '#base/id.ts';

/** A document that was applied. */
export interface AppliedOffer {
  /** Counts from 1. */
  readonly version: number;
  readonly document: string;
  readonly appliedAtMs: number;
  /** Who applied it: an operator key's name, `setup`, … */
  readonly appliedBy: string;
  /** The one in force before it. */
  readonly previous: number | undefined;
  readonly publishedPrices: readonly Id<'priceVersion'>[];
  readonly withdrawnPrices: readonly Id<'priceVersion'>[];
  /** For each plan that it changed, the version that was current before; `null` where there was none. */
  readonly plansBefore: Readonly<Record<string, Id<'planVersion'> | null>>;
  readonly undone: boolean;
}

interface OfferRow {
  version: number;
  document: string;
  applied_at: Date;
  applied_by: string;
  previous: number | null;
  published_price_ids: string[];
  withdrawn_price_ids: string[];
  plans_before: Record<string, Id<'planVersion'> | null>;
  undone_at: Date | null;
}

const COLUMNS = `version, document, applied_at, applied_by, previous,
  published_price_ids::text[], withdrawn_price_ids::text[], plans_before, undone_at`;

/** Every document ever applied, the newest first. */
export async function readOffers(db: Pool | PoolClient): Promise<readonly AppliedOffer[]> {
  const { rows } = await db.query<OfferRow>(`SELECT ${COLUMNS} FROM offer ORDER BY version DESC`);
  return rows.map(offerOf);
}

/** The document in force; `undefined` before the first. */
export async function readOfferInForce(db: Pool | PoolClient): Promise<AppliedOffer | undefined> {
  const { rows } = await db.query<OfferRow>(
    `SELECT ${COLUMNS} FROM offer WHERE version = (SELECT version FROM offer_state)`,
  );
  return rows[0] && offerOf(rows[0]);
}

/** One document by its number. */
export async function readOffer(
  db: Pool | PoolClient,
  version: number,
): Promise<AppliedOffer | undefined> {
  const { rows } = await db.query<OfferRow>(`SELECT ${COLUMNS} FROM offer WHERE version = $1`, [
    version,
  ]);
  return rows[0] && offerOf(rows[0]);
}

/** The number of the next document. */
export async function nextOfferVersion(db: Pool | PoolClient): Promise<number> {
  const { rows } = await db.query<{ next: number }>(
    'SELECT coalesce(max(version), 0) + 1 AS next FROM offer',
  );
  return rows[0]?.next ?? 1;
}

/** Records a document and puts it in force. */
export async function insertOffer(
  client: PoolClient,
  offer: Omit<AppliedOffer, 'undone'>,
): Promise<void> {
  await client.query(
    `INSERT INTO offer (version, document, applied_at, applied_by, previous,
       published_price_ids, withdrawn_price_ids, plans_before)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      offer.version,
      offer.document,
      new Date(offer.appliedAtMs),
      offer.appliedBy,
      offer.previous ?? null,
      offer.publishedPrices.map(uuidOf),
      offer.withdrawnPrices.map(uuidOf),
      JSON.stringify(offer.plansBefore),
    ],
  );
  await client.query('UPDATE offer_state SET version = $1', [offer.version]);
}

/** Marks a document as undone and puts another in force. */
export async function markUndone(
  client: PoolClient,
  undone: { readonly version: number; readonly previous: number; readonly nowMs: number },
): Promise<void> {
  await client.query('UPDATE offer SET undone_at = $2 WHERE version = $1', [
    undone.version,
    new Date(undone.nowMs),
  ]);
  await client.query('UPDATE offer_state SET version = $1', [undone.previous]);
}

function offerOf(row: OfferRow): AppliedOffer {
  return {
    version: row.version,
    document: row.document,
    appliedAtMs: row.applied_at.getTime(),
    appliedBy: row.applied_by,
    previous: row.previous ?? undefined,
    publishedPrices: row.published_price_ids.map((id) => idFromUuid('priceVersion', id)),
    withdrawnPrices: row.withdrawn_price_ids.map((id) => idFromUuid('priceVersion', id)),
    plansBefore: row.plans_before,
    undone: row.undone_at !== null,
  };
}
