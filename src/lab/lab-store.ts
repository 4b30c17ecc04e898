import type { Pool } from 'pg';
import { BOOKS, type Book } from '#base/book.ts';
import type { Catalog } from '#catalog/catalog.ts';
import { loadCatalog } from '#catalog/catalog.store.ts';
import { readOfferInForce } from '#offer/offer.store.ts';
import { parsePlanVersion } from '#plans/plan-schema.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { readPlanVersions } from '#subscriptions/plans.store.ts';
import { booksInUse } from './lab.store.ts';

/** What a lab reads of the installation beside the lake. */
export interface Installation {
  readonly catalog: Catalog;
  readonly planVersions: readonly PlanVersion[];
  readonly current: readonly PlanVersion[];
  /** The breakeven.yaml in force. */
  readonly document: string | undefined;
}

/** @throws DomainError `store_unavailable` */
export async function readInstallation(pool: Pool): Promise<Installation> {
  const stored = await readPlanVersions(pool);
  const versions = stored.map(({ body, current }) => ({ plan: parsePlanVersion(body), current }));
  return {
    catalog: await loadCatalog(pool),
    planVersions: versions.map(({ plan }) => plan),
    current: versions.filter(({ current }) => current).map(({ plan }) => plan),
    document: (await readOfferInForce(pool))?.document,
  };
}

/**
 * The book to ask where nobody names one: the live one where it has something to say, else the demo,
 * else the tests'. What is looked for a paid plan says nothing without anybody who pays for it.
 */
export async function bookToAsk(
  pool: Pool,
  { paid }: { readonly paid: boolean },
): Promise<{ readonly book: Book; readonly note: string | undefined }> {
  const used = await booksInUse(pool, { paid });
  const book = (['live', 'demo', 'test'] as const).find((each) => used.includes(each)) ?? BOOKS[0];
  if (book === 'live' || !paid) return { book, note: undefined };
  const isLiveUsed = (await booksInUse(pool, { paid: false })).includes('live');
  const note = isLiveUsed
    ? `This is the ${book} book: no subscriber of a paid plan has used anything in the live book yet. To ask that one all the same: --book live.`
    : undefined;
  return { book, note };
}
