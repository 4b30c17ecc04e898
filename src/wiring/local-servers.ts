import { DomainError } from '#base/domain-error.ts';
import type { Clock } from '#base/clock.ts';
import { utcDay } from '#base/utc-day.ts';
import type { Catalog } from '#catalog/catalog.ts';
import type { Services } from '#http/services.ts';
import { addLocalServer } from '#offer/add-local-server.ts';
import { readOfferInForce } from '#offer/offer.store.ts';
import { findLocalServers } from '#suppliers/local-servers.ts';
import type { Pool } from 'pg';

/** Model servers on this machine: found on their usual ports, and connected by publishing them. */
export function localServerServices(parts: {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly ports: readonly number[];
  readonly catalog: () => Catalog;
  readonly offer: Pick<Services['offer'], 'apply'>;
}): Services['localServers'] {
  const { pool, clock, ports, catalog, offer } = parts;
  return {
    async find() {
      const found = await findLocalServers(ports);
      const rows = found.map((server) => ({
        ...server,
        models: [...server.models],
        isConnected: catalog().suppliers.has(`local-${server.port}`),
      }));
      return { rows };
    },
    async connect(port, actor) {
      if (!ports.includes(port))
        throw new DomainError('not_found', `${port} is none of the ports that are looked at.`, {
          field: 'port',
        });
      const [server] = await findLocalServers([port]);
      const inForce = await readOfferInForce(pool);
      if (server === undefined || inForce === undefined)
        throw new DomainError('not_found', `Nothing answers on 127.0.0.1:${port} any more.`);
      const day = utcDay(clock.nowMs());
      const { document, models } = addLocalServer(inForce.document, { ...server, day });
      if (models.length === 0)
        throw new DomainError('conflict', `${server.name} serves no model that chats.`);
      await offer.apply(document, { appliedBy: actor, correction: false });
      return { models };
    },
  };
}

/** Whether a real model answers without any key: a server on this machine, or in the house. */
export function hasKeylessSupplier(catalog: Catalog): boolean {
  return [...catalog.suppliers.values()].some(
    ({ enabled, protocol, keyRef }) => enabled && protocol !== 'simulator' && keyRef === undefined,
  );
}
