import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { applyOffer } from '#offer/apply-offer.ts';
import { readOffers } from '#offer/offer.store.ts';
import { starterOffer } from '#offer/starter-offer.ts';

/**
 * Publishes the starter catalogue and plans where nothing was ever published.
 * @returns true where it did: the first start of an installation.
 */
export async function publishStarterOffer(pool: Pool, clock: Clock): Promise<boolean> {
  if ((await readOffers(pool)).length > 0) return false;
  const { changed } = await applyOffer(pool, starterOffer(), { clock, appliedBy: 'first start' });
  return changed;
}
