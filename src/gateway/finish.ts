import { unreachable } from '#base/assert.ts';
import type { AttemptUsage, Measurement, Settled } from '#admission/admission.ts';
import { chargeAhead, type ChargeAhead } from '#admission/charge-ahead.ts';
import type { Admission } from './admit-request.ts';
import type { Delivery } from './call-routes.ts';
import { withBought } from './errand.ts';
import {
  completedByEstimate,
  estimateConsumption,
  NOTHING_DELIVERED,
  type Delivered,
} from './estimate-consumption.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { ModelRoute } from './model-directory.ts';
import type { ParsedRequest } from './parse-request.ts';
import type { Settler } from './settler.ts';
import type { StreamEnd } from './stream-forwarder.ts';
import { tally, type Consumption } from './tally.ts';
import type { Metering } from '#metering/metering.ts';

export interface FinishInput {
  readonly deps: Pick<GatewayDeps, 'admission' | 'log' | 'hearClaim'>;
  readonly settler: Settler;
  readonly request: ParsedRequest;
  readonly admission: Admission;
  readonly delivery: Delivery;
  readonly upstreamMs: number;
  readonly settleWaitMs: number;
  /** Whether somebody must know that it is booked before the answer ends. */
  readonly isAwaited: boolean;
  /** What was bought beside the model. */
  readonly bought?: readonly AttemptUsage[] | undefined;
}

/** How a hold ended. */
export interface Finished {
  /** What may be said of the charge; `undefined` where nothing was charged, or nobody knows yet. */
  readonly charge: ChargeAhead | undefined;
  /** What was booked; `undefined` where nothing was, or not yet. */
  readonly settled: Settled | undefined;
}

const NOTHING_BOOKED: Finished = { charge: undefined, settled: undefined };

/**
 * Ends the hold of a request by what came of it: settled by what the supplier reported, by an
 * estimate where it reported nothing, or voided where nothing was consumed.
 *
 * When this resolves, what was used outlives this process: it is booked, or, where the answer can say
 * its charge without that, noted by admission and on its way into the books.
 */
export async function finish(input: FinishInput): Promise<Finished> {
  const { deps, settler, admission, delivery, upstreamMs, settleWaitMs, bought = [] } = input;
  const { hold } = admission.admitted;
  const consumptions = await consumptionsOf(input);
  if (consumptions.length === 0 && bought.length === 0) {
    await settler.void(
      hold,
      delivery.result.kind === 'abandoned' ? 'client left' : 'upstream failed',
      settleWaitMs,
    );
    return NOTHING_BOOKED;
  }
  const { basis } = admission.terms;
  const outcome = outcomeOf(delivery);
  // The price versions of the admission hold, like its plan.
  const { measurement, unpriced, unknown, claims } = tally(consumptions, {
    basis,
    model: admission.quote.model.name,
    atMs: hold.admittedAtMs,
    outcome,
    upstreamMs,
  });
  if (unpriced.length > 0)
    deps.log.error({ requestId: hold.requestId, unpriced }, 'consumed something that has no price');
  if (unknown.length > 0)
    deps.log.warn({ requestId: hold.requestId, unknown }, 'usage with unknown parts');
  const { book, admittedAtMs } = hold;
  for (const claim of claims) deps.hearClaim?.({ ...claim, book, atMs: admittedAtMs });
  const used = withBought(measurement, bought, basis);
  const isNoted = deps.admission.measured(hold, used);
  const charge = chargeAhead(admission.admitted, used.actual);
  const saysCharge = delivery.result.kind === 'plain';
  if (isNoted && !input.isAwaited && (charge !== undefined || !saysCharge)) {
    void settler.settle(hold, used, { urgency: 'soon', waitMs: settleWaitMs });
    return { charge, settled: undefined };
  }
  const settled = await settler.settle(hold, used, { urgency: 'now', waitMs: settleWaitMs });
  return { charge: settled, settled };
}

/** What every attempt consumed, by its supplier's word or by an estimate. */
async function consumptionsOf({
  request,
  admission,
  delivery,
}: FinishInput): Promise<readonly Consumption[]> {
  const { quote } = admission;
  const estimate = (route: ModelRoute, delivered: Delivered): Promise<Metering> =>
    estimateConsumption({ request, quote, route, delivered });
  const consumptions: Consumption[] = [];
  for (const { route, result } of delivery.wasted) {
    const metering = result.metering ?? (await estimate(route, NOTHING_DELIVERED));
    consumptions.push({ route, metering, isCharged: false });
  }
  const last = await lastConsumption(delivery, estimate);
  if (last) consumptions.push(last);
  return consumptions;
}

async function lastConsumption(
  { result, route }: Delivery,
  estimate: (route: ModelRoute, delivered: Delivered) => Promise<Metering>,
): Promise<Consumption | undefined> {
  switch (result.kind) {
    case 'plain': {
      const metering = result.metering ?? (await estimate(route, result.delivered));
      return { route, metering, isCharged: true };
    }
    case 'streamed': {
      const { metering, delivered, end } = result;
      const isWhole = end.kind === 'completed' || (end.kind === 'client-gone' && end.isWhole);
      if (metering && isWhole) return { route, metering, isCharged: true };
      const guess = await estimate(route, delivered);
      const whole = metering ? completedByEstimate(metering, guess) : guess;
      return { route, metering: whole, isCharged: true };
    }
    case 'failed': {
      if (!result.metering && !result.mayBill) return undefined;
      const metering = result.metering ?? (await estimate(route, NOTHING_DELIVERED));
      return { route, metering, isCharged: false };
    }
    case 'abandoned': {
      if (!result.mayBill) return undefined;
      return { route, metering: await estimate(route, NOTHING_DELIVERED), isCharged: true };
    }
    default:
      return unreachable(result);
  }
}

function outcomeOf({ result }: Delivery): Measurement['outcome'] {
  switch (result.kind) {
    case 'plain':
      return result.clientGone ? 'client_aborted' : 'completed';
    case 'streamed':
      return STREAM_OUTCOMES[result.end.kind];
    case 'failed':
      return 'upstream_failed';
    case 'abandoned':
      return 'client_aborted';
    default:
      return unreachable(result);
  }
}

const STREAM_OUTCOMES: Readonly<Record<StreamEnd['kind'], Measurement['outcome']>> = {
  completed: 'completed',
  'cut-by-limit': 'cut_by_limit',
  'client-gone': 'client_aborted',
  broken: 'upstream_failed',
  unopened: 'upstream_failed',
};
