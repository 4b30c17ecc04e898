import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { systemClock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { namedId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { seededRandom } from '#base/random.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { PriceOf } from '#pricing/cost.ts';
import { completeRates, type PriceVersion } from '#pricing/price.ts';
import { supplierOf, type SupplierSettings } from '#suppliers/supplier.ts';
import { SupplierPools, type SupplierPoolOptions } from '#suppliers/supplier-pools.ts';
import { NO_LATENCY } from '#suppliers/simulator/delivery.ts';
import {
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from '#suppliers/simulator/simulator.ts';
import type { Caller } from './caller.ts';
import { createGateway, type Gateway, type GatewayDeps } from './gateway.ts';
import { gatewayServer } from './gateway-server.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { ModelRoute, ServedModel } from './model-directory.ts';
import { TestingAdmission } from './testing-admission.ts';

const customerId = namedId('customer', 'tester');
const planVersionId = namedId('planVersion', 'test');

export const TEST_KEY = 'sk-be-test';

export const TEST_CALLER: Caller = {
  book: 'test',
  customerId,
  keyId: namedId('apiKey', 'tester'),
  scopes: ['inference', 'read'],
  subject: {
    book: 'test',
    customerId,
    subscriptionId: namedId('subscription', 'tester'),
    planVersionId,
  },
};

/** Metered at cost: what is charged is what the supplier asks. */
export const TEST_PLAN: PlanVersion = {
  id: planVersionId,
  plan: 'test',
  version: 1,
  displayName: 'Test',
  listed: false,
  priceNanoUsd: nanoUsd(0),
  period: 'month',
  seatsMax: 1,
  classes: [{ name: 'standard', weightMilli: 1_000 }],
  billing: 'metered',
  tariff: { kind: 'markup', perMille: 1_000 },
  gates: [],
  credits: { perPeriodNanoUsd: nanoUsd(0), rollover: { kind: 'none' } },
  overageCapNanoUsd: nanoUsd(0),
  overdraftNanoUsd: nanoUsd(0),
  queueClass: 'standard',
};

/** $1 a million tokens in, $10 out. */
export const TEST_PRICE: PriceVersion = {
  id: namedId('priceVersion', 'test'),
  supplier: 'sim',
  model: 'sim-standard',
  effectiveFromMs: 0,
  serviceTiers: {
    standard: [
      { aboveInputTokens: 0, rates: completeRates({ input: 1_000_000, output: 10_000_000 }) },
    ],
  },
  dayWindows: [],
  source: 'test',
};

const knownPrice: PriceOf = (model, tier) =>
  model === undefined || model.startsWith('sim-')
    ? {
        price: TEST_PRICE,
        serviceTier: tier === undefined || tier === 'default' ? 'standard' : tier,
      }
    : undefined;

/** A route to a supplier at an address. */
export function testRoute(
  settings: Pick<SupplierSettings, 'baseUrl'> & Partial<SupplierSettings>,
  over: Partial<ModelRoute> = {},
): ModelRoute {
  const supplier = supplierOf({ name: 'sim', protocol: 'simulator', ...settings });
  return {
    id: `${supplier.name}/sim-standard`,
    supplier,
    model: 'sim-standard',
    prices: [TEST_PRICE],
    priceOf: knownPrice,
    ...over,
  };
}

export function testModel(
  routes: readonly ModelRoute[],
  over: Partial<ServedModel> = {},
): ServedModel {
  return {
    name: 'sim-standard',
    className: 'standard',
    contextTokens: 128_000,
    outputTokensMax: 4_096,
    outputTokensP99: 1_024,
    thinksUnseen: false,
    routes,
    ...over,
  };
}

export interface TestGatewayOptions {
  readonly limits?: Partial<GatewayLimits>;
  readonly deps?: Partial<GatewayDeps>;
  readonly pools?: Partial<SupplierPoolOptions>;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Default: one model, `sim-standard`, on the simulator. */
  readonly models?: (simulator: Simulator) => readonly ServedModel[];
}

/** A gateway on a loopback port before a simulator, with an admission in memory. */
export class TestGateway implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly admission: TestingAdmission;
  readonly gateway: Gateway;
  readonly pools: SupplierPools;
  readonly server: Server;
  readonly url: string;
  /** Error lines of the gateway's log. */
  readonly errors: string[];

  private constructor(
    parts: Pick<
      TestGateway,
      'simulator' | 'admission' | 'gateway' | 'pools' | 'server' | 'url' | 'errors'
    >,
  ) {
    this.simulator = parts.simulator;
    this.admission = parts.admission;
    this.gateway = parts.gateway;
    this.pools = parts.pools;
    this.server = parts.server;
    this.url = parts.url;
    this.errors = parts.errors;
  }

  static async start(options: TestGatewayOptions = {}): Promise<TestGateway> {
    const simulator = await startSimulator({
      clock: systemClock,
      random: seededRandom(1),
      latency: NO_LATENCY,
      ...options.simulator,
    });
    const models = options.models?.(simulator) ?? [
      testModel([testRoute({ baseUrl: simulator.url })]),
    ];
    const admission = new TestingAdmission();
    const pools = new SupplierPools(options.pools);
    const errors: string[] = [];
    const gateway = createGateway({
      authenticate: (secret) =>
        secret === TEST_KEY ? TEST_CALLER : new DomainError('unauthenticated', 'No such API key.'),
      admission,
      models: {
        candidates: (_subject, name) => {
          const asked = models.find((model) => model.name === name);
          return asked
            ? [
                asked,
                ...models.filter((model) => model !== asked && model.className !== asked.className),
              ]
            : [];
        },
        list: () =>
          models.map(({ name }) => ({ name, displayName: name, createdAtMs: 0, ownedBy: 'test' })),
      },
      plans: { plan: () => TEST_PLAN, rates: () => undefined },
      pools,
      clock: systemClock,
      random: seededRandom(2),
      log: {
        info() {},
        warn() {},
        error: (fields, message) =>
          errors.push(
            fields['err'] instanceof Error ? `${message}: ${fields['err'].stack}` : message,
          ),
      },
      ...options.deps,
      ...(options.limits && { limits: options.limits }),
    });
    const server = gatewayServer({ gateway, limits: options.limits });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new TestGateway({ simulator, admission, gateway, pools, server, url, errors });
  }

  openai(options: { readonly maxRetries?: number } = {}): OpenAI {
    return new OpenAI({ apiKey: TEST_KEY, baseURL: `${this.url}/v1`, maxRetries: 0, ...options });
  }

  anthropic(options: { readonly maxRetries?: number } = {}): Anthropic {
    return new Anthropic({ apiKey: TEST_KEY, baseURL: this.url, maxRetries: 0, ...options });
  }

  /** A bare request. */
  post(
    path: string,
    body: string | object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** Resolves when no request is in flight, nothing waits to be booked, and no call of a supplier runs. */
  async idle(): Promise<void> {
    const deadline = performance.now() + 5_000;
    const isBusy = (): boolean =>
      this.gateway.inFlight > 0 || this.gateway.settling > 0 || this.pools.stats().running > 0;
    while (isBusy()) {
      if (performance.now() > deadline)
        throw new Error(`still ${this.gateway.inFlight} requests in flight`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.pools.close();
    await this.simulator.close();
  }
}
