import { readRouteUse } from '#admission/decisions.store.ts';
import { idFromUuid } from '#base/id.ts';
import { divideHalfEven } from '#base/money.ts';
import { listPublishedPrices } from '#catalog/price-history.store.ts';
import { readClaims } from '#economics/supplier-claims.store.ts';
import type { ConsoleServices } from '#http/console-services.ts';
import { type ConsoleParts, nano, offsetOf, periodOf } from './console-parts.ts';

const MILLION = 1_000_000n;

/** Models, suppliers and prices. */
export function consoleSupply(
  parts: ConsoleParts,
): Pick<ConsoleServices, 'models' | 'suppliers' | 'claims' | 'prices'> {
  const { pool, clock, catalog } = parts;
  return {
    async models(input) {
      const period = periodOf(input, clock.nowMs());
      const use = await readRouteUse(pool, { book: input.book, ...period });
      const states = parts.gateway.routeStates();
      const nowMs = clock.nowMs();
      const { data, suppliers, prices } = catalog();
      const rows = data.models.flatMap((model) =>
        data.routes
          .filter((route) => route.model === model.name)
          .map((route) => {
            const used = use.find(
              (each) => each.supplier === route.supplier && each.model === model.name,
            );
            const priced = prices.modelOf(route.supplier, route.upstreamModel);
            const tokens = used?.tokens ?? 0;
            const cost = BigInt(used?.cost ?? 0);
            return {
              model: model.name,
              displayName: model.displayName,
              className: model.className,
              supplier: route.supplier,
              upstreamModel: route.upstreamModel,
              enabled:
                model.enabled && route.enabled && suppliers.get(route.supplier)?.enabled === true,
              priority: route.priority,
              health: states.get(`${route.supplier}/${route.upstreamModel}`) ?? ('unused' as const),
              requests: used?.requests ?? 0,
              failed: used?.failed ?? 0,
              tokens,
              costNanoUsd: nano(cost),
              costPerMillionNanoUsd:
                tokens === 0 ? null : nano(divideHalfEven(cost * MILLION, BigInt(tokens))),
              latencyMsP50: used?.p50 ?? null,
              latencyMsP95: used?.p95 ?? null,
              priced:
                priced !== undefined && prices.at(route.supplier, priced, nowMs) !== undefined,
            };
          }),
      );
      return { book: input.book, period, rows };
    },
    async suppliers(input) {
      const period = periodOf(input, clock.nowMs());
      const use = await readRouteUse(pool, { book: input.book, ...period });
      const rows = [...catalog().suppliers.values()].map((supplier) => {
        const own = use.filter((each) => each.supplier === supplier.id);
        return {
          id: supplier.id,
          name: supplier.displayName,
          protocol: supplier.protocol,
          baseUrl: supplier.baseUrl ?? '(in this process)',
          enabled: supplier.enabled,
          needsKey: supplier.keyRef !== undefined,
          hasKey: supplier.keyRef !== undefined && parts.supplierKeys().has(supplier.keyRef),
          simulated: supplier.protocol === 'simulator',
          requests: own.reduce((sum, { requests }) => sum + requests, 0),
          costNanoUsd: nano(own.reduce((sum, { cost }) => sum + BigInt(cost), 0n)),
        };
      });
      return { rows, total: rows.length, next: null };
    },
    async claims(input) {
      const period = periodOf(input, clock.nowMs());
      const claims = await readClaims(pool, { book: input.book, ...period });
      const rows = claims.map(({ claimed, booked, ...facts }) => ({
        ...facts,
        claimedNanoUsd: nano(claimed),
        bookedNanoUsd: nano(booked),
      }));
      return { rows, total: rows.length, next: null };
    },
    async prices(filter, table) {
      const offset = offsetOf(table.after);
      const found = await listPublishedPrices(pool, {
        supplier: filter.supplier,
        model: filter.model,
        text: table.q,
        offset,
        limit: table.limit,
      });
      return {
        rows: found.map((row) => ({
          id: idFromUuid('priceVersion', row.id),
          supplier: row.supplier,
          model: row.model,
          effectiveFromMs: row.effective_from.getTime(),
          publishedAtMs: row.published_at.getTime(),
          withdrawnAtMs: row.withdrawn_at?.getTime() ?? null,
          source: row.source,
          inForce: row.in_force,
          rates: [...row.rates],
        })),
        total: null,
        next: found.length === table.limit ? String(offset + found.length) : null,
      };
    },
  };
}
