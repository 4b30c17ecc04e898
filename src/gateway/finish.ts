import type { Measurement, Settled } from '#admission/admission.ts';
import type { Admission } from './admit-request.ts';
import type { Delivery } from './call-routes.ts';
import {
  completedByEstimate,
  estimateConsumption,
  NOTHING_DELIVERED,
  type Delivered,
} from './estimate-consumption.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ParsedRequest } from './parse-request.ts';
import type { Settler } from './settler.ts';
import { tally, type Consumption } from './tally.ts';
import type { Metering } from '#metering/metering.ts';

export interface FinishInput {
  readonly deps: Pick<GatewayDeps, 'clock' | 'log'>;
  readonly settler: Settler;
  readonly request: ParsedRequest;
  readonly admission: Admission;
  readonly delivery: Delivery;
  readonly upstreamMs: number;
  readonly settleWaitMs: number;
}

/**
 * Ends the hold of a request by what came of it: settled by what the supplier reported, by an
 * estimate where it reported nothing, or voided where nothing was consumed.
 * @returns `undefined` where nothing was booked, or not yet
 */
export async function finish(input: FinishInput): Promise<Settled | undefined> {
  const { deps, settler, admission, delivery, upstreamMs, settleWaitMs } = input;
  const { hold } = admission.admitted;
  const last = await lastConsumption(input);
  const consumptions = last ? [...delivery.wasted, last] : delivery.wasted;
  if (consumptions.length === 0) {
    await settler.void(
      hold,
      delivery.result.kind === 'abandoned' ? 'client left' : 'upstream failed',
      settleWaitMs,
    );
    return undefined;
  }
  const { basis } = admission.terms;
  const outcome = outcomeOf(delivery);
  // The price versions of the admission hold, like its plan.
  const { measurement, unpriced, unknown } = tally(consumptions, {
    basis,
    atMs: hold.admittedAtMs,
    outcome,
    upstreamMs,
  });
  if (unpriced.length > 0)
    deps.log.error({ requestId: hold.requestId, unpriced }, 'consumed something that has no price');
  if (unknown.length > 0)
    deps.log.warn({ requestId: hold.requestId, unknown }, 'usage with unknown parts');
  return settler.settle(hold, measurement, settleWaitMs);
}

async function lastConsumption({
  request,
  admission,
  delivery,
}: FinishInput): Promise<Consumption | undefined> {
  const { result, route } = delivery;
  const { quote } = admission;
  const estimate = (delivered: Delivered): Promise<Metering> =>
    estimateConsumption({ request, quote, route, delivered });
  switch (result.kind) {
    case 'plain':
      return {
        route,
        metering: result.metering ?? (await estimate(result.delivered)),
        isCharged: true,
      };
    case 'streamed': {
      const { metering, delivered, end } = result;
      if (metering && end.kind === 'completed') return { route, metering, isCharged: true };
      // Nothing came and nothing was reported: the supplier broke before it began.
      if (!metering && delivered.bytes === 0 && end.kind === 'broken') return undefined;
      const guess = await estimate(delivered);
      return {
        route,
        metering: metering ? completedByEstimate(metering, guess) : guess,
        isCharged: true,
      };
    }
    case 'failed':
      return result.metering && { route, metering: result.metering, isCharged: false };
    case 'abandoned':
      return result.mayBill
        ? { route, metering: await estimate(NOTHING_DELIVERED), isCharged: true }
        : undefined;
  }
}

function outcomeOf({ result }: Delivery): Measurement['outcome'] {
  switch (result.kind) {
    case 'plain':
      return result.clientGone ? 'client_aborted' : 'completed';
    case 'streamed':
      switch (result.end.kind) {
        case 'completed':
          return 'completed';
        case 'cut-by-limit':
          return 'cut_by_limit';
        case 'client-gone':
          return 'client_aborted';
        default:
          return 'upstream_failed';
      }
    case 'failed':
      return 'upstream_failed';
    case 'abandoned':
      return 'client_aborted';
  }
}
