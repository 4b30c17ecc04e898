import { STANDARD_TIER, type ServiceTiers } from '#pricing/price.ts';

/**
 * What vendors call the tier that their list price is for. Every other name stands for itself and must
 * be in the price: a response on a tier that the price book does not know is unpriced, not standard.
 *
 * - `default`, `auto`: OpenAI (service_tier of a response; `auto` in a response means the default tier)
 * - `on_demand`: Groq; `ON_DEMAND`: Gemini's trafficType
 * - `standard`: Anthropic, Gemini
 * - `priority` at Anthropic is capacity bought beforehand and metered at list price: its tier in the
 *   price book is the operator's to write.
 */
const STANDARD_NAMES: ReadonlySet<string> = new Set([
  '',
  'default',
  'auto',
  'standard',
  'standard_only',
  'on_demand',
  'unspecified',
  'traffic_type_unspecified',
]);

/** The key in a price's service tiers for the name in a response; `undefined` and empty are standard. */
export function canonicalServiceTier(name: string | undefined): string {
  if (name === undefined) return STANDARD_TIER;
  const lower = name.toLowerCase();
  return STANDARD_NAMES.has(lower) ? STANDARD_TIER : lower;
}

/**
 * The key in a price's service tiers for a response. How a request searched (`search-low`, Perplexity;
 * `search-preview`, OpenAI) is standard where the price does not tell such searches apart.
 */
export function serviceTierIn(serviceTiers: ServiceTiers, name: string | undefined): string {
  const tier = canonicalServiceTier(name);
  return tier.startsWith('search-') && !Object.hasOwn(serviceTiers, tier) ? STANDARD_TIER : tier;
}
