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

/** The live book where anything happened in it, else the demo, else the tests'. */
export async function bookInUse(pool: Pool): Promise<Book> {
  const used = await booksInUse(pool);
  return (['live', 'demo', 'test'] as const).find((book) => used.includes(book)) ?? BOOKS[0];
}
