import type { GatewayDeps } from './gateway-deps.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { KeepAlives } from './keep-alives.ts';
import type { BodyBudget } from './read-body.ts';
import type { RouteHealth } from './route-health.ts';
import type { Settler } from './settler.ts';

/** What all requests of one gateway share. */
export interface GatewayRuntime {
  readonly deps: GatewayDeps;
  readonly limits: GatewayLimits;
  readonly health: RouteHealth;
  readonly settler: Settler;
  readonly keepAlives: KeepAlives;
  readonly bodies: BodyBudget;
}
