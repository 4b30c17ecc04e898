import type { Pool } from 'pg';
import { readReceipt } from '#admission/receipt.store.ts';
import { readStandings } from '#admission/standings.store.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Random } from '#base/random.ts';
import type { Catalog } from '#catalog/catalog.ts';
import { type AnsweredBy, publicModel } from '#catalog/public-model.ts';
import type { ChatActor } from '#chat/actor.ts';
import { quoteShares } from '#chat/quote-shares.ts';
import { Chat } from '#chat/chat.ts';
import { ChatDesk } from '#chat/chat-desk.ts';
import { forgetExpired } from '#chat/conversations.store.ts';
import { Generator } from '#chat/generator.ts';
import { CHAT_LOG_CHANNEL, CHAT_STOP_CHANNEL } from '#chat/generations.store.ts';
import { ProcessOwner } from '#chat/process-owner.ts';
import { brave } from '#chat/web-search/brave.ts';
import type { Fetch } from '#chat/web-search/fetch.ts';
import { PageFetcher } from '#chat/web-search/page-fetcher.ts';
import { searxng } from '#chat/web-search/searxng.ts';
import { WebSearch } from '#chat/web-search/web-search.ts';
import type { DatabaseAddress } from '#db/database-address.ts';
import type { Caller } from '#gateway/caller.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { GatewayLog } from '#gateway/gateway-log.ts';
import type { ChatServices } from '#http/chat-services.ts';
import type { Config } from '#src/config.ts';
import { subscriptionInForce } from '#subscriptions/subscriptions.store.ts';
import type { LiveModels } from './live-models.ts';
import type { PlanBook } from './plan-book.ts';
import { Repeating } from './repeating.ts';

export interface ChatParts {
  readonly pool: Pool;
  readonly address: DatabaseAddress;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: GatewayLog;
  readonly gateway: Gateway;
  readonly models: LiveModels;
  readonly plans: PlanBook;
  readonly catalog: () => Catalog;
  readonly search: Config['search'];
}

export interface OpenChat {
  readonly services: ChatServices;
  /** For the listener of changes. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  readonly onGap: () => void;
  close(): Promise<void>;
}

/** How soon the answers of a process that died are marked as interrupted. */
const SWEEP_EVERY_MS = 2_000;
const FORGET_EVERY_MS = 600_000;

/** Opens the chat on the parts of the house: what dead processes left is ended before anything new begins. */
export async function openChat(parts: ChatParts): Promise<OpenChat> {
  const { pool, address, clock, random, log, gateway, models, plans, catalog } = parts;
  const nameOf = (answered: AnsweredBy): string => publicModel(catalog(), answered);
  const owner = new ProcessOwner({
    address,
    random,
    onTrouble: (error) => log.warn({ err: error }, 'the connection of the chat was lost'),
  });
  await owner.start();
  const generator = new Generator({
    pool,
    gateway,
    plans,
    clock,
    log,
    owner: () => owner.number,
    receipt: (caller, requestId) => readReceipt(pool, caller, requestId, nameOf),
  });
  const pages = new PageFetcher();
  const webSearch = webSearchOf(parts.search, pages);
  const callerOf = (actor: ChatActor): Promise<Caller> => callerOfActor(pool, actor);
  const services: ChatServices = {
    generator,
    chat: new Chat({
      pool,
      clock,
      random,
      gateway,
      models,
      generator,
      async sharesOf(actor, message) {
        const standings = await readStandings(pool, plans, { ...actor, nowMs: clock.nowMs() });
        const plan = standings && plans.plan(standings.planVersionId);
        if (!plan || plan.billing === 'metered') return [];
        return quoteShares(plan, standings, message);
      },
      owner: () => owner.number,
      callerOf,
      webSearch,
    }),
    desk: new ChatDesk({
      pool,
      clock,
      random,
      models,
      callerOf,
      standings: (actor, nowMs) => readStandings(pool, plans, { ...actor, nowMs }),
      plan: (id) => plans.plan(id),
      listedPlans: () => plans.current().filter(({ listed }) => listed),
      receipt: (actor, requestId) =>
        readReceipt(pool, { ...actor, ofMember: actor.memberId }, requestId, nameOf),
      hasWebSearch: webSearch !== undefined,
      readPicture: (url) => pages.readPicture(url),
    }),
  };
  await generator.sweep();
  const sweeping = new Repeating(
    SWEEP_EVERY_MS,
    () => generator.sweep(),
    (error) => log.warn({ err: error }, 'cannot end the answers of dead processes'),
  );
  const forgetting = new Repeating(
    FORGET_EVERY_MS,
    () => forgetExpired(pool, clock.nowMs()),
    (error) => log.error({ err: error }, 'cannot forget temporary chats'),
  );
  return {
    services,
    channels: {
      [CHAT_LOG_CHANNEL]: (uuids) => generator.wake(uuids),
      [CHAT_STOP_CHANNEL]: (uuid) => generator.stopHere(uuid),
    },
    onGap: () => generator.wakeAll(),
    async close() {
      await sweeping[Symbol.asyncDispose]();
      await forgetting[Symbol.asyncDispose]();
      await generator.close();
      await pages.close();
      await owner.close();
    },
  };
}

async function callerOfActor(pool: Pool, actor: ChatActor): Promise<Caller> {
  const { book, customerId, memberId, key } = actor;
  const subscription = await subscriptionInForce(pool, book, customerId);
  if (!subscription) throw new DomainError('no_subscription', 'This account has no plan in force.');
  return {
    book,
    customerId,
    memberId,
    keyId: key?.id,
    keyCapNanoUsd: key?.capNanoUsd,
    scopes: ['inference', 'read'],
    subject: {
      book,
      customerId,
      subscriptionId: subscription.id,
      planVersionId: subscription.planVersionId,
    },
  };
}

function webSearchOf(search: Config['search'], pages: PageFetcher): WebSearch | undefined {
  if (!search) return undefined;
  const reach: Fetch = (url, options) => fetch(url, options);
  const provider =
    search.provider === 'searxng'
      ? searxng({ url: search.url, fetch: reach })
      : brave({ key: search.key, url: search.url, fetch: reach });
  return new WebSearch({
    provider,
    priceNanoUsd: search.priceNanoUsd,
    readPage: (url) => pages.read(url),
  });
}
