import type { Book } from '#base/book.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { idFromUuid } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { utcDay } from '#base/utc-day.ts';
import type { Catalog } from '#catalog/catalog.ts';
import type { RecentSums } from '#economics/recent-sums.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { PeriodInput } from '#http/console-services.ts';
import type { Nano, Period } from '#http/shapes/wire.ts';
import type { GateTerms } from '#http/shapes/plans.ts';
import type { Gate, PlanVersion } from '#plans/plan-version.ts';
import type { PlanFits } from '#lab/plan-fits.ts';
import type { SubscriptionDeps } from '#subscriptions/subscriptions.ts';
import type { Pool } from 'pg';
import type { OpenBooks } from './books.ts';
import type { PlanBook } from './plan-book.ts';

/** What the console services share. */
export interface ConsoleParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly plans: PlanBook;
  readonly catalog: () => Catalog;
  readonly supplierKeys: () => ReadonlyMap<string, string>;
  readonly gateway: Pick<Gateway, 'routeStates'>;
  readonly books: Pick<OpenBooks, 'admission' | 'accrue' | 'why'>;
  readonly subscriptions: SubscriptionDeps;
  readonly sums: RecentSums;
  readonly publicUrl: () => string;
  readonly fits: PlanFits;
}

const DAY_MS = 86_400_000;
const PERIOD_DAYS = 30;
const PERIOD_DAYS_MAX = 400;

/**
 * The days that an answer obeys, and as many before them.
 * @throws DomainError `invalid_request` for an empty or a very long period
 */
export function periodOf(input: Omit<PeriodInput, 'book'>, nowMs: number): Period {
  const toDay = input.toDay ?? utcDay(nowMs + DAY_MS);
  const fromDay = input.fromDay ?? utcDay(Date.parse(toDay) - PERIOD_DAYS * DAY_MS);
  const days = (Date.parse(toDay) - Date.parse(fromDay)) / DAY_MS;
  if (!(days > 0) || days > PERIOD_DAYS_MAX) {
    throw new DomainError(
      'invalid_request',
      `from: the period from ${fromDay} to ${toDay} must have between 1 and ${PERIOD_DAYS_MAX} days.`,
      { field: 'from' },
    );
  }
  return {
    fromDay,
    toDay,
    beforeFromDay: utcDay(Date.parse(fromDay) - days * DAY_MS),
    beforeToDay: fromDay,
  };
}

/** Money as the wire has it: a number where it is exact, else decimal text. */
export function nano(value: bigint | number): Nano {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** The pages of lists that are sorted in memory count from here. */
export function offsetOf(after: string | undefined): number {
  if (after === undefined) return 0;
  const offset = Number(after);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw badAfter();
}

export function badAfter(): DomainError {
  return new DomainError('invalid_request', 'after: take the `next` of the page before.', {
    field: 'after',
  });
}

export function planLabel(plans: PlanBook, planVersion: string): string {
  const plan = plans.plan(idFromUuid('planVersion', planVersion));
  return plan ? `${plan.plan} v${plan.version}` : idFromUuid('planVersion', planVersion);
}

export function gateTerms(gate: Gate): GateTerms {
  return {
    id: gate.id,
    unit: gate.unit,
    window: windowText(gate.window),
    scope: gate.scope,
    classes: [...gate.classes],
    limit: gate.limit,
    whenFull: gate.whenFull.do,
    fallbackTo: gate.whenFull.do === 'fallback' ? gate.whenFull.to : null,
  };
}

/** `rolling 10800s`, `session 18000s`, `calendar day`, `cycle`: for programs to read and pages to put into words. */
export function windowText(window: Gate['window']): string {
  switch (window.kind) {
    case 'rolling':
    case 'session':
      return `${window.kind} ${window.seconds}s`;
    case 'calendar':
      return `calendar ${window.unit}`;
    default:
      return window.kind;
  }
}

export function tariffText(tariff: PlanVersion['tariff']): string {
  return tariff.kind === 'markup' ? `cost × ${tariff.perMille / 1000}` : `rates ${tariff.table}`;
}

/** Every version of a plan that was ever published. @throws DomainError `not_found` */
export function versionsOf(plans: PlanBook, plan: string): readonly PlanVersion[] {
  const versions = plans.all().filter((version) => version.plan === plan);
  if (versions.length > 0) return versions;
  throw new DomainError('not_found', `There is no plan ${plan}.`);
}

/** Earning moves revenue up to now: often enough for people who look, never in their way. */
export class Accrual {
  readonly #books: Pick<OpenBooks, 'accrue'>;
  readonly #clock: Clock;
  readonly #last = new Map<Book, number>();

  constructor(books: Pick<OpenBooks, 'accrue'>, clock: Clock) {
    this.#books = books;
    this.#clock = clock;
  }

  /** Waits for it the first time: a fresh installation shows its revenue at once. */
  async freshen(book: Book): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const last = this.#last.get(book);
    if (last !== undefined && nowMs - last < FRESH_MS) return;
    this.#last.set(book, nowMs);
    const earning = this.#books.accrue(book).catch(() => this.#last.delete(book));
    if (last === undefined) await Promise.race([earning, sleep(FIRST_MS)]);
  }
}

const FRESH_MS = 60_000;
const FIRST_MS = 1_000;
const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
