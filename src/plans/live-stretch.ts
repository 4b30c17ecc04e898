import { assert } from '#base/assert.ts';
import { type AccountState, UNBOUNDED } from './account-state.ts';
import type { PlanProgram } from './compile.ts';
import type { Scopes } from './counters.ts';
import type { RequestSender } from './decision.ts';
import { ONE_BY_ONE, PAYER, type Stretch, UNKNOWN_USE, VERDICT } from './stretch.ts';
import { INCLUDED, StretchCounters } from './stretch-counters.ts';
import { NOT_COVERED, SEVERAL_PAY, StretchPurse } from './stretch-purse.ts';

const counters = new StretchCounters();
const purse = new StretchPurse();
/** What a full gate sends a request to. */
const other = { classIndex: -1, gate: -1, bound: 0 };
/** In place of a verdict: columns are wanted first. */
const WANTS = -1;

/**
 * Decides and ends requests one after the other, over columns of numbers: the account, and the counters of
 * its sender, are then as `decide` and `settle` would have left them, field by field, and the columns say
 * what those would have said.
 *
 * That is so since every request ends before the next is decided, so that nothing is left of a hold: a
 * gate must have room for the hold of one request beside what has been used, the first payer for its
 * charge, and then the actual amounts are counted and paid where the hold would have stood.
 *
 * It stops at the first request for which that does not hold, of which nothing has been done but that the
 * windows may have been rolled to it: one that several pay, whose charge passes its hold, whose use is
 * not known, or that outlasts a rolling window. Under a plan with gates over everyone it takes none.
 * @param from the first request of the stretch to take
 * @param to before this one
 * @returns the request that it stopped at, or `to`; where `stretch.wanted` then names a class, it goes on
 *   once the columns of that class are filled
 */
export function liveStretch(
  account: AccountState,
  program: PlanProgram,
  sender: RequestSender,
  scopes: Scopes,
  stretch: Stretch,
  from: number,
  to: number,
): number {
  assert(
    account.planVersionId === program.planVersionId,
    'an account is decided by its own plan version',
  );
  stretch.wanted = -1;
  if (program.everyoneGates.length > 0) return from;
  const { weightsMilli, metered } = program;
  const { period } = account;
  const fareCap = metered ? program.fareCapNanoUsd : UNBOUNDED;
  let fareCharged = period.fareChargedNanoUsd;
  let { lastSeenMs, seq } = account;
  let reopensAtMs = Infinity;
  counters.clear();
  purse.clear();
  let j = from;
  for (; j < to; j++) {
    let index = stretch.asked[j] ?? ONE_BY_ONE;
    const askedMs = stretch.atMs[j] ?? 0;
    if (index === ONE_BY_ONE || askedMs > reopensAtMs) break;
    const now = askedMs > lastSeenMs ? askedMs : lastSeenMs;
    if (now >= counters.untilMs) {
      if (now < period.startMs || now >= period.endMs) break;
      counters.load(account, program, sender, scopes, now);
    } else if (now >= counters.rollsAtMs) counters.roll(now);

    const fareRoom = Math.max(0, fareCap - fareCharged);
    let of = stretch.ofAsked;
    let verdict: number = VERDICT.served;
    let bound = boundOf(of.chargeHeld[j] ?? 0, metered, fareRoom);
    counters.weigh(of, j, index, weightsMilli[index] ?? 0, metered, bound);
    let gate = counters.because;
    if (counters.stoppedBy >= 0) {
      verdict = sendElsewhere(program, stretch, j, index, fareRoom);
      if (verdict === WANTS) break;
      ({ gate } = other);
      if (verdict === VERDICT.fellBack) {
        ({ bound, classIndex: index } = other);
        of = stretch.ofClass(index) ?? of;
      }
    }

    let holds = 0;
    let pays = 0;
    let payer: number = PAYER.nobody;
    let endMs = now;
    if (verdict !== VERDICT.refusedByGate) {
      const { mode } = counters;
      if (mode !== INCLUDED) {
        holds = bound;
        pays = Math.min(of.charge[j] ?? 0, fareRoom);
        if (pays > holds) break;
      }
      endMs = Math.max(now, stretch.endedMs[j] ?? 0);
      if (of.tokens[j] === UNKNOWN_USE || endMs - now >= counters.rollingMsMin) break;
      if (holds > 0) {
        const fit = purse.pay(account, program, holds, pays, mode, now);
        if (fit === SEVERAL_PAY) break;
        payer = purse.payer;
        if (fit === NOT_COVERED) {
          verdict = VERDICT.refusedByFunds;
          gate = counters.because;
        }
      }
    }

    stretch.verdict[j] = verdict;
    stretch.gate[j] = gate;
    stretch.nowMs[j] = now;
    if (verdict >= VERDICT.refusedByGate) {
      if (stretch.tellsOpenings && verdict === VERDICT.refusedByGate) {
        const opensAtMs = counters.opensAtMs(now);
        stretch.opensAtMs[j] = opensAtMs;
        reopensAtMs = Math.min(reopensAtMs, opensAtMs);
      }
      lastSeenMs = now;
      seq += 1;
      continue;
    }
    counters.count(of, j, weightsMilli[index] ?? 0, pays, now);
    if (metered) fareCharged += pays;
    stretch.served[j] = index;
    stretch.slow[j] = counters.isSlow;
    stretch.held[j] = holds;
    stretch.paid[j] = pays;
    stretch.payer[j] = payer;
    lastSeenMs = endMs;
    seq += 2;
  }
  counters.store();
  purse.book(account);
  account.lastSeenMs = lastSeenMs;
  account.seq = seq;
  period.fareChargedNanoUsd = fareCharged;
  if (purse.isUsed) account.dropEmptyLots();
  return j;
}

/** The most that a request can be charged. */
function boundOf(charge: number, metered: boolean, fareRoom: number): number {
  return metered && fareRoom < charge ? fareRoom : charge;
}

/** Follows the fallbacks of full gates, into {@link other}. */
function sendElsewhere(
  program: PlanProgram,
  stretch: Stretch,
  j: number,
  asked: number,
  fareRoom: number,
): number {
  const { metered, weightsMilli } = program;
  let tried = 1 << asked;
  other.gate = -1;
  for (;;) {
    const { stoppedBy } = counters;
    if (stoppedBy < 0) return VERDICT.fellBack;
    const to = program.gates[stoppedBy]?.fallbackClass ?? -1;
    const isTo = to >= 0 && (tried & (1 << to)) === 0;
    const of = isTo ? stretch.ofClass(to) : undefined;
    if (isTo && of === undefined) {
      stretch.wanted = to;
      return WANTS;
    }
    if (of === undefined || of.available[j] === 0) {
      other.gate = stoppedBy;
      return VERDICT.refusedByGate;
    }
    if (other.gate < 0) other.gate = stoppedBy;
    tried |= 1 << to;
    other.classIndex = to;
    other.bound = boundOf(of.chargeHeld[j] ?? 0, metered, fareRoom);
    counters.weigh(of, j, to, weightsMilli[to] ?? 0, metered, other.bound);
  }
}
