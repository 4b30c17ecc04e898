import type { Clock } from '#base/clock.ts';
import type { Random } from '#base/random.ts';
import type { Admission } from '#admission/admission.ts';
import type { SupplierPools } from '#suppliers/supplier-pools.ts';
import type { Authenticate } from './authenticate.ts';
import type { Caller } from './caller.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { GatewayLog, GatewayObserver } from './gateway-log.ts';
import type { IdempotencyStore } from './idempotency.ts';
import type { ModelDirectory } from './model-directory.ts';
import type { PlanDirectory } from './plan-directory.ts';
import type { HeardClaim } from './supplier-claim.ts';

/** Everything that the gateway needs of the house. */
export interface GatewayDeps {
  readonly authenticate: Authenticate;
  readonly admission: Admission;
  readonly models: ModelDirectory;
  readonly plans: PlanDirectory;
  readonly pools: SupplierPools;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: GatewayLog;
  /** Absent: idempotency keys are not honoured. */
  readonly idempotency?: IdempotencyStore;
  /** The receipt of a request of the caller's own, if it has ended; `undefined` (404) for anybody else's. */
  readonly receipt?: (caller: Caller, requestId: string) => Promise<object | 'running' | undefined>;
  /** Whether requests can be served: the store answers, migrations are done. */
  readonly isReady?: () => boolean | Promise<boolean>;
  /** The text of `/metrics`, with its content type. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly observer?: GatewayObserver;
  /** Is told where a supplier says what an answer cost; must be cheap and must not throw. */
  readonly hearClaim?: (claim: HeardClaim) => void;
  /** Over `GATEWAY_LIMITS`. */
  readonly limits?: Partial<GatewayLimits>;
}
