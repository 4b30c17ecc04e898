import { countText } from '#base/count-text.ts';
import type { PriceImport } from '#catalog/import-prices.ts';
import { describeRateChange } from '#catalog/price-diff.ts';

const LISTED_MAX = 40;

/** What an import would do, or did, as a person reads it. */
export function priceImportText(found: PriceImport): string {
  const lines = [
    ...found.added.map(({ supplier, model, versions }) =>
      versions === 1 ? `+ ${supplier}/${model}` : `+ ${supplier}/${model} (${versions} versions)`,
    ),
    ...found.changed.flatMap(({ supplier, model, changes }) => [
      `~ ${supplier}/${model}`,
      ...changes.map((change) => `    ${describeRateChange(change)}`),
    ]),
    ...found.refused.map(
      ({ supplier, model, reasons }) => `! ${supplier}/${model} refused: ${reasons.join('; ')}`,
    ),
  ];
  const left = lines.length - LISTED_MAX;
  return [
    `${found.source}: ${countText(found.added.length, 'new model')}, ${found.changed.length} changed, ` +
      `${found.unchanged} unchanged, ${found.refused.length} refused`,
    ...lines.slice(0, LISTED_MAX),
    ...(left > 0 ? [`… and ${countText(left, 'more line')} (--json has all)`] : []),
  ].join('\n');
}
