import { readFileSync } from 'node:fs';
import { loadOffer } from './load-offer.ts';
import type { Offer } from './offer.ts';

/** The text of the starter document, to be written where the operator edits it. */
export function starterDocument(): string {
  return readFileSync(new URL('./starter/breakeven.yaml', import.meta.url), 'utf8');
}

/** What a new installation offers until the operator says otherwise. */
export function starterOffer(): Offer {
  return loadOffer(starterDocument(), 'starter/breakeven.yaml');
}
