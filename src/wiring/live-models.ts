import type { Clock } from '#base/clock.ts';
import type { Catalog, ServedModel as CatalogModel } from '#catalog/catalog.ts';
import type { Supplier as CatalogSupplier } from '#catalog/supplier.ts';
import type { ListedModel, ModelDirectory, ServedModel } from '#gateway/model-directory.ts';
import type { Subject } from '#admission/admission.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { supplierOf, type Supplier } from '#suppliers/supplier.ts';
import type { PlanBook } from './plan-book.ts';

export interface LiveModelsOptions {
  readonly catalog: () => Catalog;
  readonly plans: PlanBook;
  /** Suppliers' keys by their reference. */
  readonly supplierKeys: () => ReadonlyMap<string, string>;
  /** Where the simulator listens; `undefined` where it is off. */
  readonly simulatorUrl: string | undefined;
  readonly clock: Clock;
}

/** A price that begins to hold is seen after this long at the latest. */
const SNAPSHOT_MS_MAX = 1000;

interface Snapshot {
  readonly catalog: Catalog;
  readonly keys: ReadonlyMap<string, string>;
  readonly madeAtMs: number;
  readonly models: ReadonlyMap<string, ServedModel>;
  /** The first model of each class: what a fallback to the class is served by. */
  readonly firstOfClass: ReadonlyMap<string, ServedModel>;
}

/** The catalogue as the gateway sees it: only models that a reachable supplier serves at a known price. */
export class LiveModels implements ModelDirectory {
  readonly #options: LiveModelsOptions;
  #snapshot: Snapshot | undefined;

  constructor(options: LiveModelsOptions) {
    this.#options = options;
  }

  candidates(subject: Subject, name: string): readonly ServedModel[] {
    const { catalog, models, firstOfClass } = this.#current();
    const asked = models.get(catalog.resolve(name)?.model.name ?? '');
    if (!asked) return [];
    const plan = this.#options.plans.plan(subject.planVersionId);
    const others = fallbackClasses(plan, asked.className).flatMap((className) => {
      const served = firstOfClass.get(className);
      return served ? [served] : [];
    });
    return [asked, ...others];
  }

  list(subject: Subject): readonly ListedModel[] {
    const { catalog, models } = this.#current();
    const plan = this.#options.plans.plan(subject.planVersionId);
    const classes = new Set(plan?.classes.map(({ name }) => name));
    return [...models.values()]
      .filter((model) => classes.has(model.className))
      .map((model) => ({
        name: model.name,
        displayName: catalog.resolve(model.name)?.model.displayName ?? model.name,
        createdAtMs: 0,
        ownedBy: model.routes[0]?.supplier.name ?? 'breakeven',
      }));
  }

  #current(): Snapshot {
    const { catalog, supplierKeys, clock } = this.#options;
    const nowMs = clock.nowMs();
    const known = this.#snapshot;
    if (
      known &&
      known.catalog === catalog() &&
      known.keys === supplierKeys() &&
      nowMs - known.madeAtMs < SNAPSHOT_MS_MAX &&
      nowMs >= known.madeAtMs
    ) {
      return known;
    }
    this.#snapshot = this.#make(nowMs);
    return this.#snapshot;
  }

  #make(nowMs: number): Snapshot {
    const catalog = this.#options.catalog();
    const keys = this.#options.supplierKeys();
    const suppliers = new Map<string, Supplier>();
    for (const supplier of catalog.suppliers.values()) {
      const made = this.#supplier(supplier, keys);
      if (made) suppliers.set(supplier.id, made);
    }
    const models = new Map<string, ServedModel>();
    const firstOfClass = new Map<string, ServedModel>();
    for (const served of catalog.models.values()) {
      const model = servedModel(catalog, served, suppliers, nowMs);
      if (!model) continue;
      models.set(model.name, model);
      if (!firstOfClass.has(model.className)) firstOfClass.set(model.className, model);
    }
    return { catalog, keys, madeAtMs: nowMs, models, firstOfClass };
  }

  #supplier(supplier: CatalogSupplier, keys: ReadonlyMap<string, string>): Supplier | undefined {
    const { simulatorUrl } = this.#options;
    const baseUrl = supplier.protocol === 'simulator' ? simulatorUrl : supplier.baseUrl;
    const apiKey = supplier.keyRef === undefined ? undefined : keys.get(supplier.keyRef);
    const lacksKey = supplier.keyRef !== undefined && apiKey === undefined;
    if (!supplier.enabled || baseUrl === undefined || lacksKey) return undefined;
    return supplierOf({
      name: supplier.id,
      protocol: supplier.protocol,
      dialect: supplier.usage,
      baseUrl,
      apiKey,
    });
  }
}

function servedModel(
  catalog: Catalog,
  { model, routes }: CatalogModel,
  suppliers: ReadonlyMap<string, Supplier>,
  nowMs: number,
): ServedModel | undefined {
  const usable = routes.flatMap((serving) => {
    const supplier = suppliers.get(serving.supplier.id);
    const price = catalog.priceOfRoute(serving, nowMs);
    if (!supplier || !price) return [];
    return [
      {
        id: `${serving.supplier.id}/${serving.route.upstreamModel}`,
        supplier,
        model: serving.route.upstreamModel,
        prices: [price],
        priceOf: catalog.pricingOf(serving, nowMs),
        headersTimeoutMs: serving.route.firstByteTimeoutMs,
        silenceTimeoutMs: serving.route.idleTimeoutMs,
      },
    ];
  });
  if (usable.length === 0) return undefined;
  return {
    name: model.name,
    className: model.className,
    contextTokens: model.contextTokensMax,
    outputTokensMax: model.outputTokensMax,
    outputTokensP99: model.outputTokensP99,
    thinksUnseen: model.className === 'reasoning',
    routes: usable,
  };
}

const chains = new WeakMap<PlanVersion, Map<string, readonly string[]>>();

/** The classes that a plan's gates may send a request of a class to, nearest first. */
function fallbackClasses(plan: PlanVersion | undefined, className: string): readonly string[] {
  if (!plan) return [];
  let known = chains.get(plan);
  if (!known) chains.set(plan, (known = new Map()));
  const cached = known.get(className);
  if (cached) return cached;
  const found: string[] = [];
  const queue = [className];
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const gate of plan.gates) {
      const counts = gate.classes.length === 0 || gate.classes.includes(from);
      if (!counts || gate.whenFull.do !== 'fallback') continue;
      const { to } = gate.whenFull;
      if (to === className || found.includes(to)) continue;
      found.push(to);
      queue.push(to);
    }
  }
  known.set(className, found);
  return found;
}
