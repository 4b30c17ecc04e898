import type { Admitted, Measurement, Subject } from '#admission/admission.ts';
import type { BulkRequest } from '#admission/bulk.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Random } from '#base/random.ts';
import type { ModelDirectory, ModelRoute, ServedModel } from '#gateway/model-directory.ts';
import { type PlanDirectory, planTerms } from '#gateway/plan-directory.ts';
import { tally } from '#gateway/tally.ts';
import { usageOf } from '#metering/usage.ts';
import type { Candidate } from '#plans/decision.ts';
import { type ChargeBasis, markUp } from '#pricing/charge.ts';
import { quoteOf, type UsageBound } from '#pricing/quote.ts';
import type { DemoClass } from './calibration.ts';
import type { DemoEvent } from './demo-population.ts';

/** Who sends a request of the demo. */
export interface DemoSender {
  readonly subject: Subject;
  /** Those who share the plan; a request comes from one of them. */
  readonly memberIds: readonly Id<'member'>[];
  readonly keyId: Id<'apiKey'>;
}

export interface DemoRequestDeps {
  readonly models: ModelDirectory;
  readonly plans: PlanDirectory;
  readonly random: Random;
}

/** The simulated model that serves a class. */
export const SIMULATED_MODELS: Readonly<Record<DemoClass, string>> = {
  fast: 'sim-fast',
  standard: 'sim-standard',
  reasoning: 'sim-reasoning',
};

/** About so many bytes make a token of English text; the gateway bounds the input by its bytes. */
export const BYTES_PER_TOKEN = 4;

/** A model that may serve, by the route and price that would. */
interface Serving {
  readonly model: ServedModel;
  readonly route: ModelRoute;
}

/** What a plan's subscribers get for one class. */
interface Menu {
  readonly servings: readonly Serving[];
  readonly priceVersionIds: readonly Id<'priceVersion'>[];
  readonly basis: ChargeBasis;
}

/**
 * Turns the demo's events into what admission takes: quoted like a stream that the gateway admits, and
 * measured like what a supplier would report. Prices are those in force now.
 */
export class DemoRequests {
  readonly #deps: DemoRequestDeps;
  readonly #menus = new Map<string, Menu>();

  constructor(deps: DemoRequestDeps) {
    this.#deps = deps;
  }

  /** @throws DomainError `invalid_configuration` where no simulated model serves the class */
  of({ subject, memberIds, keyId }: DemoSender, event: DemoEvent): BulkRequest {
    const menu = this.#menuOf(subject, event.className);
    const inputTokensBound = event.inputTokens * BYTES_PER_TOKEN;
    const memberId = memberIds[Math.floor(event.seat * memberIds.length)];
    return {
      subject,
      request: {
        atMs: event.atMs,
        requestId: newId('request', { nowMs: () => event.atMs }, this.#deps.random),
        candidates: menu.servings.map((serving) => candidateOf(serving, event, menu.basis)),
        keyId,
        ...(memberId !== undefined && { memberId }),
      },
      evidence: {
        modelAsked: SIMULATED_MODELS[event.className],
        surface: 'bulk',
        streamed: true,
        inputTokensEstimate: inputTokensBound,
        priceVersionIds: menu.priceVersionIds,
      },
      measure: (admitted) => measurementOf(menu, admitted, event),
    };
  }

  #menuOf(subject: Subject, className: DemoClass): Menu {
    const key = `${subject.planVersionId} ${className}`;
    const known = this.#menus.get(key);
    if (known) return known;
    const servings = this.#deps.models
      .candidates(subject, SIMULATED_MODELS[className])
      .flatMap((model) => {
        const route = model.routes.find(({ prices }) => prices.length > 0);
        return route ? [{ model, route }] : [];
      });
    if (servings.length === 0) {
      throw new DomainError(
        'invalid_configuration',
        `The demo needs the simulated model ${SIMULATED_MODELS[className]}, and nothing serves it.`,
      );
    }
    const menu = {
      servings,
      priceVersionIds: servings.flatMap(({ route }) => route.prices[0]?.id ?? []),
      basis: planTerms(this.#deps.plans, subject.planVersionId).basis,
    };
    this.#menus.set(key, menu);
    return menu;
  }
}

/** What the gateway would hold by the end of the stream: extensions included. */
function candidateOf({ model, route }: Serving, event: DemoEvent, basis: ChargeBasis): Candidate {
  const inputTokensMax = Math.min(model.contextTokens, event.inputTokens * BYTES_PER_TOKEN);
  const outputTokensMax = model.thinksUnseen
    ? model.outputTokensMax
    : Math.max(model.outputTokensP99, event.outputTokens);
  const bound = { inputTokensMax, outputTokensMax };
  const costNanoUsd = quoteOf({ prices: route.prices, bound });
  return {
    className: model.className,
    available: true,
    quote: {
      tokens: inputTokensMax + outputTokensMax,
      costNanoUsd,
      chargeNanoUsd: chargeBound(costNanoUsd, bound, { basis, model }),
    },
  };
}

function chargeBound(
  costNanoUsd: NanoUsd,
  bound: UsageBound,
  { basis, model }: { readonly basis: ChargeBasis; readonly model: ServedModel },
): NanoUsd {
  if (basis.kind === 'markup') return markUp(costNanoUsd, basis.perMille);
  const rates = basis.priceOf(model.name, undefined);
  if (!rates) {
    throw new DomainError('unknown_price', `The tariff has no price for ${model.name}.`);
  }
  return quoteOf({ prices: [rates.price], bound });
}

function measurementOf(menu: Menu, admitted: Admitted, event: DemoEvent): Measurement {
  const serving = menu.servings[admitted.candidate];
  if (!serving) throw new RangeError('an admitted candidate is one of those asked for');
  const { model, route } = serving;
  const usage = usageOf({
    input: event.inputTokens - event.cachedTokens,
    input_cached: event.cachedTokens,
    output: event.outputTokens,
    // A class that it fell back to does not think.
    reasoning: model.thinksUnseen ? event.reasoningTokens : 0,
    requests: 1,
  });
  const parts = [{ model: route.model, serviceTier: undefined, usage }];
  return tally([{ route, metering: { parts, estimated: false }, isCharged: true }], {
    basis: menu.basis,
    model: model.name,
    atMs: event.atMs,
    outcome: 'completed',
    upstreamMs: 0,
  }).measurement;
}
