import { isDeepStrictEqual } from 'node:util';
import { type Book, BOOKS } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { transaction } from '#db/pool.ts';
import type { NewSchedule, ScheduleServices } from '#http/schedule-services.ts';
import type { ScheduleAnswer, ScheduleNotice, ScheduleRow } from '#http/shapes/notices.ts';
import { fixScenario } from '#lab/fix-scenario.ts';
import type { LabClient } from '#lab/lab-client.ts';
import type { LabResults } from '#lab/lab-results.ts';
import type { Recommendation, Trial } from '#lab/lab.schema.ts';
import { termsOf } from '#lab/scenario.ts';
import {
  countNotices,
  listNotices,
  type NoticeCounts,
  readSubscribersOf,
  tellSubscribers,
} from '#offer/plan-notices.store.ts';
import { dueAtMs, type ScheduledPlan, type SubscriberBill } from '#offer/scheduled-plan.ts';
import {
  alreadyWaiting,
  endScheduledPlan,
  insertScheduledPlan,
  listScheduledPlans,
  type NewScheduledPlan,
  readScheduledPlan,
} from '#offer/scheduled-plans.store.ts';
import type { ConsoleParts } from './console-parts.ts';
import { type NoticeParts, noticeText } from './plan-notices.ts';
import { scheduleText } from './schedule-text.ts';

export interface ScheduleParts extends Pick<ConsoleParts, 'pool' | 'clock' | 'random' | 'plans'> {
  readonly lab: LabClient;
  readonly results: LabResults;
  /** Earns subscriptions up to now, so that bills are whole. */
  readonly accrue: (book: Book) => Promise<unknown>;
}

const DAY_MS = 86_400_000;
const NOTICES_MAX = 500;
const NOBODY: NoticeCounts = {
  waiting: 0,
  moved: 0,
  left: 0,
  dearer: 0,
  cheaper: 0,
  limited: 0,
};

/** Versions of plans that are to be published at a time: what the lab found, with a notice to each. */
export function scheduleServices(parts: ScheduleParts): ScheduleServices {
  const { pool, clock } = parts;
  return {
    async create(input, by, progress, signal) {
      const { scheduled, recommendation } = prepare(parts, input, by);
      await parts.accrue(scheduled.book);
      const trial = await replayed(parts, recommendation, scheduled, progress, signal);
      const dated = { ...scheduled, fromDay: trial.fromDay, toDay: trial.toDay };
      const bills = trial.bills.map(subscriberBill);
      if (input.dryRun) return dryRun(parts, dated, bills);
      await transaction(pool, async (client) => {
        await insertScheduledPlan(client, dated);
        if (dated.moves !== 'new') await tellSubscribers(client, dated, clock.nowMs(), bills);
      });
      return answerOf(parts, await readScheduledPlan(pool, dated.id));
    },
    async list() {
      const all = await listScheduledPlans(pool);
      const counts = await countNotices(
        pool,
        all.map(({ id }) => id),
      );
      const rows = all.map((each) => rowOf(parts, each, counts.get(each.id) ?? NOBODY));
      return { rows, total: rows.length, next: null };
    },
    show: async (id, q) => answerOf(parts, await readScheduledPlan(pool, id), q),
    async cancel(id, by) {
      const { state } = await readScheduledPlan(pool, id);
      const end = { state: 'cancelled', atMs: clock.nowMs(), by } as const;
      if (!(await endScheduledPlan(pool, id, end)))
        throw new DomainError('conflict', `This change was ${state} already.`);
    },
  };
}

/** Checks what is asked for against what is in force. */
function prepare(
  { plans, clock, random, results }: ScheduleParts,
  input: NewSchedule,
  by: string,
): {
  readonly scheduled: Omit<NewScheduledPlan, 'fromDay' | 'toDay'>;
  readonly recommendation: Recommendation;
} {
  const { effectiveAtMs, noticeDays, moves } = input;
  const { recommendation, terms, changes } = fixScenario(results.read(input.result), input);
  if (changes.length === 0) {
    throw new DomainError(
      'invalid_request',
      'This fix is the plan as it is: nothing would change.',
      {
        field: 'fix',
      },
    );
  }
  const book = BOOKS.find((each) => each === recommendation.book);
  if (book === undefined) {
    throw new DomainError(
      'invalid_request',
      `The subscribers of ${recommendation.book} are not here to be told. Take the fix as a document and apply it.`,
      { field: 'result' },
    );
  }
  const nowMs = clock.nowMs();
  const earliestMs = moves === 'new' ? nowMs : nowMs + noticeDays * DAY_MS;
  if (effectiveAtMs < earliestMs) {
    throw new DomainError(
      'invalid_request',
      `at: ${noticeDays} days of notice end at ${new Date(earliestMs).toISOString()}; take a later time, or fewer days.`,
      { field: 'at' },
    );
  }
  const inForce = plans.current().find(({ plan }) => plan === terms.plan);
  if (!inForce || !isDeepStrictEqual(termsOf(inForce), recommendation.terms)) {
    throw new DomainError(
      'conflict',
      `${terms.plan} has changed since ${recommendation.id} was found. Ask the lab again.`,
      { field: 'result' },
    );
  }
  return {
    recommendation,
    scheduled: {
      id: newId('scheduledPlan', clock, random),
      book,
      plan: terms.plan,
      terms,
      changes,
      fromVersion: inForce.id,
      result: recommendation.id,
      fix: input.fix,
      moves,
      noticeDays: moves === 'new' ? 0 : noticeDays,
      notify: input.notify && moves !== 'new',
      effectiveAtMs,
      scheduledAtMs: nowMs,
      scheduledBy: by,
    },
  };
}

/** What the change does to each, over what they have used until now. */
async function replayed(
  { lab }: ScheduleParts,
  { behaviour, bounds, seed, fromDay }: Recommendation,
  { book, terms, changes, fix }: Omit<NewScheduledPlan, 'fromDay' | 'toDay'>,
  progress: Parameters<ScheduleServices['create']>[2],
  signal: AbortSignal,
): Promise<Trial> {
  const trial = await lab.run(
    {
      kind: 'trial',
      book,
      terms,
      changes,
      rank: fix,
      ...bounds,
      behaviour,
      seed,
      fromDay,
      bills: true,
    },
    (step) => progress({ ...step }),
    signal,
  );
  return trial as Trial;
}

function subscriberBill({
  customer,
  before,
  after,
  ...counts
}: Trial['bills'][number]): SubscriberBill {
  return {
    ...counts,
    customerId: customer as Id<'customer'>,
    before: nanoUsd(before),
    after: nanoUsd(after),
  };
}

/** What would be written, with nothing written. */
async function dryRun(
  parts: ScheduleParts,
  scheduled: NewScheduledPlan,
  bills: readonly SubscriberBill[],
): Promise<ScheduleAnswer> {
  const { pool, plans, clock } = parts;
  const waiting = (await listScheduledPlans(pool)).some(
    ({ plan, state }) => plan === scheduled.plan && state === 'waiting',
  );
  if (waiting) throw alreadyWaiting(scheduled.plan);
  const byCustomer = new Map<string, SubscriberBill>(bills.map((bill) => [bill.customerId, bill]));
  const people =
    scheduled.moves === 'new' ? [] : await readSubscribersOf(pool, scheduled.book, scheduled.plan);
  const told = people
    .map((person) => ({
      ...person,
      dueAtMs: dueAtMs(scheduled, clock.nowMs()),
      bill: byCustomer.get(person.customerId),
    }))
    .toSorted(byHarm);
  const count = (of: (bill: SubscriberBill) => boolean): number =>
    told.filter(({ bill }) => bill !== undefined && of(bill)).length;
  const schedule: ScheduleRow = {
    ...rowOf(
      parts,
      {
        ...scheduled,
        state: 'waiting',
        endedAtMs: undefined,
        endedBy: undefined,
        reason: undefined,
      },
      {
        ...NOBODY,
        waiting: told.length,
        dearer: count(({ before, after }) => after > before),
        cheaper: count(({ before, after }) => after < before),
        limited: count((bill) => newLimits(bill) > 0),
      },
    ),
    id: null,
  };
  const notices = told.slice(0, NOTICES_MAX).map((to): ScheduleNotice => ({
    customerId: to.customerId,
    name: to.customerName,
    state: 'waiting',
    notice: noticeText(plans, scheduled, to),
  }));
  return { schedule, notices, text: scheduleText(schedule, notices) };
}

const newLimits = ({
  newlyRefused,
  newlyFellBack,
  newlySlowed,
}: Omit<SubscriberBill, 'customerId'>) => newlyRefused + newlyFellBack + newlySlowed;

/** Whose bill rises most first, then who meets the most limits; as the store sorts them. */
function byHarm(a: NoticeParts, b: NoticeParts): number {
  const rise = ({ bill }: NoticeParts): number => (bill ? bill.after - bill.before : -Infinity);
  const limits = ({ bill }: NoticeParts): number => (bill ? newLimits(bill) : 0);
  const [left, right] = [rise(a), rise(b)];
  return left === right ? limits(b) - limits(a) : right - left;
}

async function answerOf(
  parts: ScheduleParts,
  scheduled: ScheduledPlan,
  q?: string,
): Promise<ScheduleAnswer> {
  const { pool, plans } = parts;
  const counts = (await countNotices(pool, [scheduled.id])).get(scheduled.id) ?? NOBODY;
  const found = await listNotices(pool, scheduled.id, { q, limit: NOTICES_MAX });
  const schedule = rowOf(parts, scheduled, counts);
  const notices = found.map((notice) => ({
    customerId: notice.customerId,
    name: notice.customerName,
    state: notice.state,
    notice: noticeText(plans, scheduled, notice),
  }));
  return { schedule, notices, text: scheduleText(schedule, notices) };
}

function rowOf(
  { plans }: ScheduleParts,
  scheduled: Omit<ScheduledPlan, 'planVersionId'> & Partial<Pick<ScheduledPlan, 'planVersionId'>>,
  counts: NoticeCounts,
): ScheduleRow {
  const { terms, fromVersion, planVersionId: _to, ...rest } = scheduled;
  const before = plans.plan(fromVersion);
  const { changes, endedAtMs, endedBy, reason, ...row } = rest;
  return {
    ...row,
    ...counts,
    displayName: terms.displayName,
    termsBefore: before ? termsOf(before) : terms,
    terms,
    changes: [...changes],
    endedAtMs: endedAtMs ?? null,
    endedBy: endedBy ?? null,
    reason: reason ?? null,
    subscribers: counts.waiting + counts.moved + counts.left,
  };
}
