import type { Pool } from 'pg';
import type { Clock } from '#base/clock.ts';
import { formatUsd } from '#base/money.ts';
import type { Catalog } from '#catalog/catalog.ts';
import type { Services } from '#http/services.ts';
import { applyOffer, diffOffer, undoOffer } from '#offer/apply-offer.ts';
import { loadOffer } from '#offer/load-offer.ts';
import { readOfferInForce } from '#offer/offer.store.ts';
import { describeOfferDiff } from '#offer/offer-diff.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { PlanBook } from './plan-book.ts';
import { priceImportText } from './price-import-text.ts';

/** What is offered, and at which prices: diff, apply, undo, import, each with its text for people. */
export function offerServices(parts: {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly catalog: () => Catalog;
  readonly plans: PlanBook;
  /** Reads the offer again: what was published is in force here once it is answered. */
  readonly reload: () => Promise<void>;
}): Services['offer'] {
  const { pool, clock, reload } = parts;
  return {
    async plans() {
      const plans = parts.plans.current();
      return { plans, text: plans.map(planText).join('\n') };
    },
    inForce: async () => ({ document: (await readOfferInForce(pool))?.document ?? null }),
    async diff(document) {
      const diff = await diffOffer(pool, loadOffer(document), { clock });
      return { diff, text: describeOfferDiff(diff) };
    },
    async apply(document, options) {
      const applied = await applyOffer(pool, loadOffer(document), { clock, ...options });
      const { version, diff, changed } = applied;
      if (changed) await reload();
      return {
        ...applied,
        text: changed
          ? `${describeOfferDiff(diff)}\n\nPublished as offer ${version}. To go back: breakeven apply --undo`
          : `Nothing to publish: the document says what offer ${version} says already.`,
      };
    },
    async undo() {
      const { version, undone } = await undoOffer(pool, { clock });
      await reload();
      return {
        version,
        undone,
        text: `Offer ${undone} is undone; offer ${version} is in force again.`,
      };
    },
    async pricesDiff() {
      const { imported, diffPrices } = await bundledPrices();
      const found = diffPrices(parts.catalog().prices, imported, clock.nowMs());
      return { ...found, text: `${priceImportText(found)}\n\nTo import: breakeven prices import` };
    },
    async pricesImport() {
      const { imported, importPrices } = await bundledPrices();
      const found = await importPrices(pool, { imported, clock });
      await reload();
      return { ...found, text: priceImportText(found) };
    },
  };
}

/** The table of prices that comes with us, and what to do with it: megabytes, loaded when somebody asks. */
async function bundledPrices() {
  const { GENAI_PROVIDERS, readGenaiPrices } = await import('#catalog/genai-prices.ts');
  const { diffPrices, importPrices } = await import('#catalog/import-prices.ts');
  return { imported: readGenaiPrices({ providers: GENAI_PROVIDERS }), diffPrices, importPrices };
}

function planText(plan: PlanVersion): string {
  const price = plan.priceNanoUsd === 0 ? 'no price' : `${formatUsd(plan.priceNanoUsd)} a month`;
  const gates = plan.gates.map((gate) => gate.id).join(', ');
  return `${`${plan.plan} v${plan.version}`.padEnd(16)} ${plan.displayName}: ${price}, ${plan.billing}${gates ? `; gates: ${gates}` : ''}`;
}
