import type { GateStanding } from '#plans/decision.ts';
import type { Gate } from '#plans/plan-version.ts';
import { rateHeaders, type RateWindow } from './wire/rate-headers.ts';
import type { ErrorFormat } from './wire/wire-error.ts';

/** The rate-limit headers of an answer: of every unit the gate that is nearest to full. */
export function rateHeadersOf(
  standings: readonly GateStanding[],
  gates: ReadonlyMap<string, Gate>,
  context: { readonly nowMs: number; readonly format: ErrorFormat },
): Record<string, string> {
  const requests = nearest(standings, gates, 'messages');
  const tokens = nearest(standings, gates, 'tokens');
  return rateHeaders(
    { nowMs: context.nowMs, ...(requests && { requests }), ...(tokens && { tokens }) },
    context.format,
  );
}

function nearest(
  standings: readonly GateStanding[],
  gates: ReadonlyMap<string, Gate>,
  unit: Gate['unit'],
): RateWindow | undefined {
  let found: GateStanding | undefined;
  for (const standing of standings) {
    if (gates.get(standing.gateId)?.unit !== unit) continue;
    if (found === undefined || share(standing) < share(found)) found = standing;
  }
  if (found === undefined) return undefined;
  const scale = unit === 'messages' ? 1_000 : 1;
  return {
    limit: found.limit / scale,
    remaining: (found.limit - found.used) / scale,
    resetAtMs: found.resetAtMs,
  };
}

function share({ limit, used }: GateStanding): number {
  return limit === 0 ? 0 : (limit - used) / limit;
}
