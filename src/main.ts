import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { KEY_CHANNEL } from '#accounts/api-keys.store.ts';
import { KeyDirectory } from '#accounts/key-directory.ts';
import { masterKeyIn } from '#accounts/master-key.ts';
import { readSupplierSecrets, SUPPLIER_KEY_CHANNEL } from '#accounts/supplier-secrets.store.ts';
import { systemClock as clock } from '#base/clock.ts';
import { systemRandom as random } from '#base/random.ts';
import { CATALOG_CHANNEL, loadCatalog } from '#catalog/catalog.store.ts';
import { RecentSums } from '#economics/recent-sums.ts';
import { SupplierClaims } from '#economics/supplier-claims.ts';
import { createGateway } from '#gateway/gateway.ts';
import { gatewayServer, shutDown } from '#gateway/gateway-server.ts';
import { LabClient } from '#lab/lab-client.ts';
import { LabResults } from '#lab/lab-results.ts';
import { PlanFits } from '#lab/plan-fits.ts';
import { createApi } from '#http/api.ts';
import { runSchedules } from '#offer/run-schedules.ts';
import { renewDue, type SubscriptionDeps } from '#subscriptions/subscriptions.ts';
import { SUBSCRIPTION_CHANNEL } from '#subscriptions/subscriptions.store.ts';
import { startSimulator } from '#suppliers/simulator/simulator.ts';
import { SupplierPools } from '#suppliers/supplier-pools.ts';
import type { Config } from '#src/config.ts';
import { presentApiError } from '#wiring/api-edge.ts';
import { openBooks } from '#wiring/books.ts';
import { openChat } from '#wiring/chat-services.ts';
import { CallerDirectory } from '#wiring/caller-directory.ts';
import { ChangeListener } from '#wiring/change-listener.ts';
import { webServices } from '#wiring/console-services.ts';
import { ControlServer } from '#wiring/control-server.ts';
import { LiveDemo } from '#wiring/live-demo.ts';
import { nodeHandler } from '#wiring/fetch-handler.ts';
import { healthCheck } from '#wiring/health.ts';
import { scheduleServices } from '#wiring/lab-schedules.ts';
import { labServices } from '#wiring/lab-services.ts';
import { hasKeylessSupplier } from '#wiring/local-servers.ts';
import { LiveModels } from '#wiring/live-models.ts';
import { createLog } from '#wiring/log.ts';
import { logRenewals } from '#wiring/log-renewals.ts';
import { noteSchedules } from '#wiring/note-schedules.ts';
import { memberKeyIdentity } from '#wiring/member-key-identity.ts';
import { Metrics } from '#wiring/metrics.ts';
import { openMail } from '#wiring/open-mail.ts';
import { openPeople } from '#wiring/people.ts';
import { PlanBook } from '#wiring/plan-book.ts';
import { Repeating } from '#wiring/repeating.ts';
import { createServices } from '#wiring/services.ts';
import { publishStarterOffer } from '#wiring/starter.ts';
import { buildWeb } from '#wiring/web-build.ts';
import { webDoor } from '#wiring/web-door.ts';
import { openStore } from '#wiring/store.ts';
import { warmSums } from '#wiring/warm-sums.ts';

/** Where a started installation is reached. */
export interface Where {
  readonly url: string;
  readonly database: string;
  /** For other processes on the same books. */
  readonly databaseUrl: string;
  readonly models: string;
  readonly firstRun: boolean;
  /** The one-time address for making the owner; absent where a person owns the installation. */
  readonly setUp: string | undefined;
}

export interface Running {
  readonly where: Where;
  /** Drains what runs, gives the lease back, stops the embedded database. Safe to call twice. */
  stop(): Promise<void>;
}

const RENEW_EVERY_MS = 60_000;
/** Subscriptions are earned hour by hour, and before each report. */
const ACCRUE_EVERY_MS = 3_600_000;
const EXPIRE_EVERY_MS = 3_600_000;
const CLAIMS_EVERY_MS = 5_000;
const PURGE_EVERY_MS = 3_600_000;
const SEAL_EVERY_MS = 3_600_000;
const WARM_EVERY_MS = 600_000;

/**
 * Starts the whole service: store, books, gateway, operator's API.
 * @throws DomainError `invalid_configuration`, `conflict`, `store_unavailable`
 */
export async function startBreakeven(
  config: Config,
  say: (line: string) => void = () => undefined,
): Promise<Running> {
  mkdirSync(config.dataDir, { recursive: true });
  const log = createLog(config);
  await using started = new AsyncDisposableStack();
  const masterKey = config.masterKey ?? masterKeyIn(config.dataDir, random);
  const store = started.adopt(
    await openStore(config, (event) => {
      const level = event.type === 'ready' ? 'info' : 'warn';
      const err = 'error' in event ? { err: event.error } : {};
      const pid = 'pid' in event ? { postgresPid: event.pid } : {};
      const path = 'path' in event ? { path: event.path } : {};
      log[level]({ event: event.type, ...pid, ...path, ...err }, 'database');
    }),
    (opened) => opened.close(),
  );
  const { pool, address } = store;
  const firstRun = await publishStarterOffer(pool, clock);

  let catalog = await loadCatalog(pool);
  let supplierKeys = await readSupplierSecrets(pool, masterKey);
  const plans = new PlanBook({ pool, catalog: () => catalog, clock });
  await plans.reload();
  const reload = async (): Promise<void> => {
    catalog = await loadCatalog(pool);
    supplierKeys = await readSupplierSecrets(pool, masterKey);
    await plans.reload();
  };
  const reloadSoon = (): void => {
    reload().catch((error: unknown) => log.error({ err: error }, 'cannot read the catalogue'));
  };

  const simulator = config.simulator
    ? started.adopt(await startSimulator({ clock, random }), (running) => running.close())
    : undefined;
  const sentDirectory = join(config.dataDir, 'sent');
  const books = started.adopt(
    await openBooks({
      address,
      pool,
      plans,
      catalog: () => catalog,
      sentDirectory,
      clock,
      random,
      log,
    }),
    (open) => open.close(),
  );
  const keys: KeyDirectory = new KeyDirectory({
    pool,
    clock,
    isTold: () => listener.isHearing,
  });
  const models = new LiveModels({
    catalog: () => catalog,
    plans,
    supplierKeys: () => supplierKeys,
    simulatorUrl: simulator?.url,
    clock,
  });
  const metrics: Metrics = new Metrics({
    inFlight: () => gateway.inFlight,
    settlementBacklog: () => gateway.settlementBacklog,
  });
  const idempotency = books.idempotency(masterKey);
  const claims = started.adopt(new SupplierClaims(pool), (heard) => heard.write());
  const gateway = createGateway({
    authenticate: new CallerDirectory(keys, pool).authenticate,
    admission: books.admission,
    models,
    plans,
    pools: new SupplierPools(),
    clock,
    random,
    log,
    receipt: books.receipt,
    isReady: books.isReady,
    metrics: () => metrics.scrape(),
    observer: metrics,
    hearClaim: claims.hear,
    idempotency,
    limits: { bodyBytesMax: config.bodyBytesMax },
  });

  const sums = new RecentSums(pool, clock);
  const demo = started.adopt(
    new LiveDemo({ pool, admission: books.admission, models, plans, clock, random }, () =>
      sums.forget('demo'),
    ),
    (live) => live.stop(),
  );
  const lab = started.use(
    new LabClient({ address, dataDir: config.dataDir, threads: availableParallelism() }),
  );
  const results = new LabResults(config.dataDir);
  const fits = started.use(new PlanFits(address));
  const chat = started.adopt(
    await openChat({
      pool,
      address,
      clock,
      random,
      log,
      gateway,
      models,
      plans,
      catalog: () => catalog,
      search: config.search,
    }),
    (open) => open.close(),
  );
  const subscriptions: SubscriptionDeps = { pool, clock, random, books: books.accounts };
  let url = '';
  const publicUrl = (): string => config.publicUrl ?? url;
  const mail = started.adopt(
    openMail({ pool, clock, random, plans, masterKey, publicUrl, log }),
    (open) => open.close(),
  );
  const people = started.adopt(
    openPeople({
      subscriptions,
      masterKey,
      plans,
      isSimulated: () =>
        simulator !== undefined && supplierKeys.size === 0 && !hasKeylessSupplier(catalog),
      publicUrl,
      mailer: mail.mailer,
      isHttps: config.publicUrl?.startsWith('https:') ?? false,
      log,
    }),
    (open) => open.close(),
  );
  const health = healthCheck({ pool, gateway, url: () => url, books });
  const api = createApi({
    services: createServices({
      pool,
      address,
      clock,
      random,
      masterKey,
      catalog: () => catalog,
      plans,
      supplierKeys: () => supplierKeys,
      reload,
      localPorts: config.localPorts,
      subscriptions,
      grant: books.grant,
      showAccount: books.showAccount,
      why: books.why,
      accrue: books.accrue,
      audit: books.audit,
      demo: demo.services,
      lab: labServices(lab, results, config.dataDir),
      schedules: scheduleServices({
        pool,
        clock,
        random,
        plans,
        lab,
        results,
        accrue: books.accrue,
      }),
      health,
      chat: chat.services,
      people: {
        identity: people.identity,
        mail: mail.services,
        ...webServices({
          pool,
          clock,
          random,
          plans,
          catalog: () => catalog,
          supplierKeys: () => supplierKeys,
          gateway,
          books,
          subscriptions,
          sums,
          publicUrl,
          fits,
        }),
      },
    }),
    authenticate: memberKeyIdentity(keys, people.authenticate),
    guardWrite: people.guardWrite,
    booked: () => gateway.booked(),
    presentError: (error) => presentApiError(error, log),
  });
  const listener = started.adopt(
    new ChangeListener({
      address,
      channels: {
        [KEY_CHANNEL]: (uuid) => keys.forget(uuid),
        [SUBSCRIPTION_CHANNEL]: (uuid) => keys.forgetCustomer(uuid),
        [CATALOG_CHANNEL]: reloadSoon,
        [SUPPLIER_KEY_CHANNEL]: reloadSoon,
        ...chat.channels,
      },
      onGap: () => {
        chat.onGap();
        keys.forget();
        reloadSoon();
      },
      onError: (error) => log.warn({ err: error }, 'the connection for changes was lost'),
    }),
    (listening) => listening.close(),
  );
  await listener.start();
  started.use(
    new Repeating(
      RENEW_EVERY_MS,
      async () => {
        // Whoever is to be moved at a renewal is moved before it.
        await runSchedules(subscriptions)
          .then((report) => noteSchedules(pool, log, report))
          .catch((error: unknown) => log.error({ err: error }, 'cannot run scheduled plans'));
        metrics.renewalsEnded(logRenewals(log, await renewDue(subscriptions)));
      },
      (error) => log.error({ err: error }, 'cannot renew subscriptions'),
    ),
  );
  started.use(
    new Repeating(
      ACCRUE_EVERY_MS,
      () => books.accrue(),
      (error) => log.error({ err: error }, 'cannot accrue subscriptions'),
    ),
  );
  started.use(
    new Repeating(
      EXPIRE_EVERY_MS,
      () => books.expire(),
      (error) => log.error({ err: error }, 'cannot expire credits'),
    ),
  );
  started.use(
    new Repeating(
      CLAIMS_EVERY_MS,
      () => claims.write(),
      (error) => log.warn({ err: error }, 'cannot write down what suppliers say they charged'),
    ),
  );
  started.use(
    new Repeating(
      PURGE_EVERY_MS,
      () => idempotency.purge(),
      (error) => log.error({ err: error }, 'cannot forget old answers'),
    ),
  );
  started.use(
    new Repeating(SEAL_EVERY_MS, books.seal, (error) =>
      log.error({ err: error }, 'cannot seal the ledger'),
    ),
  );
  started.use(
    new Repeating(
      WARM_EVERY_MS,
      () => warmSums(sums, clock),
      (error) => log.warn({ err: error }, 'cannot read the sums of the console ahead'),
    ),
  );
  if (config.web === 'build') await buildWeb(log, say);
  const control = await ControlServer.listen(
    config.dataDir,
    nodeHandler(api.fetch, { isLocal: true }),
  );
  started.adopt(control, (door) => door.close());
  const server = gatewayServer({
    gateway,
    limits: { bodyBytesMax: config.bodyBytesMax },
    otherwise: webDoor(
      config,
      nodeHandler(api.fetch, { isLocal: false, proxyHops: config.proxyHops }),
    ),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  url = `http://${config.host}:${port}`;
  const where: Where = {
    url,
    database: store.description,
    databaseUrl: store.url,
    models: simulator
      ? 'simulated models answer (sim-fast, sim-standard, sim-reasoning); add a supplier key for real ones'
      : 'suppliers of breakeven.yaml',
    firstRun,
    setUp: await people.setUpAddress(),
  };
  log.info({ url: where.url, firstRun }, 'ready');

  const open = started.move();
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // While requests drain, nobody waits for a demo; whoever loads one is told why it ended.
    const [{ requestsLeft, settlementsLeft }] = await Promise.all([
      shutDown(server, gateway, config.drainMs),
      demo.stop(),
    ]);
    if (requestsLeft + settlementsLeft > 0) {
      log.warn({ requestsLeft, settlementsLeft }, 'stopped before everything had ended');
    }
    await open.disposeAsync();
  };
  return { where, stop: () => (stopping ??= stop()) };
}
