import { readAlerts } from '#accounts/customer-settings.store.ts';
import {
  type AlertFacts,
  type AlertReader,
  customersWhoMoved,
  insertAlert,
  readAlertReaders,
} from '#accounts/customer-alerts.store.ts';
import { readCustomer } from '#accounts/customers.store.ts';
import { insertWaitingMail } from '#accounts/mail-waiting.store.ts';
import { readAccount } from '#admission/account.store.ts';
import { readStandings } from '#admission/standings.store.ts';
import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { type Id, idFromUuid, newId, uuidOf } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { transaction } from '#db/pool.ts';
import type { GateStanding } from '#plans/decision.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { Pool } from 'pg';
import { windowText } from './console-parts.ts';
import { mailText } from './mail-text.ts';
import type { Mailer } from './mailer.ts';
import type { PlanBook } from './plan-book.ts';

export interface AlertDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly plans: PlanBook;
  readonly mailer: Pick<Mailer, 'server'>;
  readonly publicUrl: () => string;
}

const DAY_SECONDS = 86_400;
const PAGE = 200;
const AT_ONCE = 4;
/** Accounts that moved so shortly before the last look are looked at again: time stands still for whole milliseconds. */
const OVERLAP_MS = 5_000;
const TOLD_MAX = 50_000;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A limit as it stands, and the window that it stands in. */
interface Limit {
  readonly gate: string;
  /** uuid */
  readonly member: string;
  readonly fill: number;
  readonly windowKey: number;
  /** Of a window that rolls: how far back one alert lasts. */
  readonly quietMs: number | undefined;
  readonly facts: AlertFacts;
}

type InBook = { readonly book: Book; readonly customerId: Id<'customer'> };

/**
 * Tells customers when a limit has reached a share of itself: once for each share in each window, in the
 * app and by mail. What was told stands in the database before any mail leaves, so neither a restart nor
 * a second process tells it again. Windows shorter than a day are left to the chat's own meter.
 */
export class Alerts {
  readonly #deps: AlertDeps;
  /** What this process knows to be told. */
  readonly #told = new Set<string>();
  #afterMs = 0;

  constructor(deps: AlertDeps) {
    this.#deps = deps;
  }

  /** Looks at every account that has moved since the last look; at all of them the first time. */
  async look(): Promise<void> {
    const { pool } = this.#deps;
    const hasMail = (await this.#deps.mailer.server()) !== undefined;
    let lastMs = this.#afterMs;
    for (;;) {
      const moved = await customersWhoMoved(pool, { afterMs: lastMs, limit: PAGE });
      for (let at = 0; at < moved.length; at += AT_ONCE) {
        await Promise.all(
          moved
            .slice(at, at + AT_ONCE)
            .map(({ book, customer }) =>
              this.#lookAt({ book, customerId: idFromUuid('customer', customer) }, hasMail),
            ),
        );
      }
      lastMs = moved.at(-1)?.seenMs ?? lastMs;
      if (moved.length < PAGE) break;
    }
    this.#afterMs = Math.max(this.#afterMs, lastMs - OVERLAP_MS);
  }

  async #lookAt(who: InBook, hasMail: boolean): Promise<void> {
    const { pool } = this.#deps;
    const ref = { book: who.book, customer: uuidOf(who.customerId) };
    const [shares, readers] = await Promise.all([
      readAlerts(pool, ref),
      readAlertReaders(pool, ref),
    ]);
    const limits = await limitsOf(this.#deps, who, readers);
    for (const limit of limits) {
      const reached = shares.filter((share) => limit.fill >= share).toSorted((a, b) => b - a);
      for (const [index, share] of reached.entries())
        await this.#tell(who, { limit, share, isHighest: index === 0, hasMail }, readers);
    }
  }

  async #tell(
    { book, customerId }: InBook,
    what: {
      readonly limit: Limit;
      readonly share: number;
      readonly isHighest: boolean;
      readonly hasMail: boolean;
    },
    readers: readonly AlertReader[],
  ): Promise<void> {
    const { pool, clock, random, publicUrl } = this.#deps;
    const { limit, isHighest } = what;
    const perMille = Math.max(1, Math.round(what.share * 1000));
    const customer = uuidOf(customerId);
    const key = [book, customer, limit.gate, limit.member, perMille, limit.windowKey].join(' ');
    if (this.#told.has(key)) return;
    const nowMs = clock.nowMs();
    const at = new Date(nowMs);
    const id = uuidOf(newId('alert', clock, random));
    const { gate, member, windowKey, facts } = limit;
    await transaction(pool, async (client) => {
      const isNew = await insertAlert(
        client,
        { id, book, customer, gate, member, perMille, windowKey, told: isHighest, facts },
        {
          at,
          quietSince: limit.quietMs === undefined ? undefined : new Date(nowMs - limit.quietMs),
        },
      );
      if (!isNew || !isHighest || !what.hasMail) return;
      const { name: account } = await readCustomer(client, book, customerId);
      const percent = Math.floor(Math.min(1, limit.fill) * 100);
      for (const reader of readers.filter((each) => isFor(limit, each))) {
        const { subject, text } = mailText(
          { about: 'alert', account, percent, facts, isCap: gate === CAP, url: publicUrl() },
          reader.language,
        );
        const mail = { id: uuidOf(newId('alert', clock, random)), person: reader.person };
        await insertWaitingMail(client, { ...mail, subject, body: text }, at);
      }
    });
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.add(key);
  }
}

/** The account's limits are for its admins, a member's own for that member. */
function isFor({ member }: Limit, reader: AlertReader): boolean {
  return member === NOBODY ? reader.role === 'admin' : reader.member === member;
}

const CAP = 'cap';

async function limitsOf(
  deps: AlertDeps,
  who: InBook,
  readers: readonly AlertReader[],
): Promise<readonly Limit[]> {
  const { pool, plans, clock } = deps;
  const nowMs = clock.nowMs();
  const nobody = idFromUuid('member', NOBODY);
  const [account, standings] = await Promise.all([
    readAccount(pool, who),
    readStandings(pool, plans, { ...who, memberId: nobody, nowMs }),
  ]);
  const plan = standings && plans.plan(standings.planVersionId);
  if (!account || !standings || !plan) return [];
  const periodKey = standings.periodStartMs;
  const limits = standings.gates.flatMap((standing) =>
    limitOf(plan, standing, { member: NOBODY, periodKey, nowMs }),
  );
  if (plan.gates.some(({ scope }) => scope === 'member')) {
    for (const { member } of readers) {
      const memberId = idFromUuid('member', member);
      const own = await readStandings(pool, plans, { ...who, memberId, nowMs });
      limits.push(
        ...(own?.gates ?? []).flatMap((standing) =>
          limitOf(plan, standing, { member, periodKey, nowMs }),
        ),
      );
    }
  }
  const cap = Math.min(plan.overageCapNanoUsd, account.capNanoUsd ?? plan.overageCapNanoUsd);
  if (cap > 0) {
    const used = account.overageUsedNanoUsd;
    const facts = { unit: 'charge', window: 'cycle', classes: [], used, limit: cap };
    limits.push({
      gate: CAP,
      member: NOBODY,
      fill: used / cap,
      windowKey: periodKey,
      quietMs: undefined,
      facts: { ...facts, resetsAtMs: account.periodEndMs },
    });
  }
  return limits;
}

/** A gate's limit where it is the account's (or this member's) and its window a day or longer. */
function limitOf(
  plan: PlanVersion,
  { gateId, used, limit, resetAtMs }: GateStanding,
  at: { readonly member: string; readonly periodKey: number; readonly nowMs: number },
): readonly Limit[] {
  const gate = plan.gates.find(({ id }) => gateId === id || gateId.startsWith(`${id}/`));
  if (!gate || limit <= 0) return [];
  const isMembers = gate.scope === 'member';
  if (isMembers !== (at.member !== NOBODY) || gate.scope === 'key' || gate.scope === 'everyone')
    return [];
  const { window } = gate;
  if ('seconds' in window && window.seconds < DAY_SECONDS) return [];
  const lengthMs = window.kind === 'rolling' ? window.seconds * 1000 : undefined;
  const ofClass = gateId.split('/')[1];
  const isHidden = gate.unit === 'cost';
  return [
    {
      gate: gateId,
      member: at.member,
      fill: used / limit,
      windowKey: windowKeyOf(gate, { ...at, resetAtMs }),
      quietMs: lengthMs,
      facts: {
        unit: gate.unit,
        window: windowText(window),
        classes: ofClass === undefined ? gate.classes : [ofClass],
        used: isHidden ? null : used,
        limit: isHidden ? null : limit,
        resetsAtMs: lengthMs === undefined ? resetAtMs : at.nowMs + lengthMs,
      },
    },
  ];
}

/** The same number as long as a window lasts. */
function windowKeyOf(
  { window }: Gate,
  at: { readonly periodKey: number; readonly resetAtMs: number; readonly nowMs: number },
): number {
  if (window.kind === 'cycle') return at.periodKey;
  if (window.kind === 'rolling') return Math.floor(at.nowMs / (window.seconds * 1000));
  return at.resetAtMs;
}
