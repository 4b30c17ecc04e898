import type { SupplierWire } from '#suppliers/supplier-protocol.ts';
import type { ModelRoute } from './model-directory.ts';
import type { Surface } from './wire/request-facts.ts';

/** Into which other wire a surface's requests can be translated. */
const TRANSLATED: Readonly<Partial<Record<Surface, readonly SupplierWire[]>>> = {
  'openai-chat': ['anthropic-messages'],
  'anthropic-messages': ['openai-chat'],
  'openai-responses': ['openai-chat', 'anthropic-messages'],
};

/** The wire that a request of `surface` takes on a route; `undefined` where the route cannot serve it. */
export function wireOf(route: ModelRoute, surface: Surface): SupplierWire | undefined {
  const { supplier } = route;
  if (supplier.path(surface) !== undefined) return surface;
  return TRANSLATED[surface]?.find((wire) => supplier.path(wire) !== undefined);
}
