import { assert } from '#base/assert.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import { type Random, seededRandom } from '#base/random.ts';
import { encodeAccount } from '#plans/account-row.ts';
import { LOT_KINDS, UNBOUNDED } from '#plans/account-state.ts';
import { classIndexOf, compilePlan } from '#plans/compile.ts';
import { DecisionOut, SettleOut } from '#plans/decision-out.ts';
import type { Amounts, Candidate, DecisionRequest } from '#plans/decision.ts';
import { changePlan, grant, renewPeriod, setCustomerCap } from '#plans/funding.ts';
import { decide, liveStretch, settle } from '#plans/kernel.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { ONE_BY_ONE, Stretch, type StretchClass, STRETCH_MAX, VERDICT } from '#plans/stretch.ts';
import { same } from './agreement.ts';
import { randomActual, randomRequest, timePassed } from './draws.ts';
import { changedPlan, pick, randomPlan } from './random-plan.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-10-24T09:00:00Z');
const STEPS = 6;

/** A request that ends before the next one is decided. */
interface Life {
  readonly request: DecisionRequest;
  readonly endedMs: number;
  readonly actual: Amounts;
}

/** How many requests there were, and what became of those that stretches took. */
export interface StretchesRun {
  requests: number;
  served: number;
  fellBack: number;
  refused: number;
}

/**
 * One seeded account twice: requests one by one through `decide` and `settle`, and the same requests by
 * stretches. Throws on the first difference in what they say or leave behind.
 */
export function runStretches(seed: number): StretchesRun {
  const random = seededRandom(seed);
  const counts = { requests: 0, served: 0, fellBack: 0, refused: 0 };
  const drawn = randomPlan(random, 'plv_0');
  // Under a gate over everyone there are no stretches.
  const isForAll = random.next() < 0.1;
  const plan = {
    ...drawn,
    gates: drawn.gates.filter((gate) => isForAll || gate.scope !== 'everyone'),
  };
  const pair = new Pair(random, plan);
  for (let step = 0; step < STEPS; step++) {
    pair.change();
    try {
      pair.live(counts);
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step}: ${String(error)}`, { cause: error });
    }
  }
  return counts;
}

class Pair {
  readonly #random: Random;
  readonly #single: World;
  readonly #stretched: World;
  readonly #stretch = new Stretch();
  readonly #told = { decision: new DecisionOut(), settlement: new SettleOut() };
  #plan: PlanVersion;
  #wallMs = START_MS;
  #requests = 0;

  constructor(random: Random, plan: PlanVersion) {
    this.#random = random;
    this.#plan = plan;
    this.#single = new World(compilePlan(plan));
    this.#stretched = new World(this.#single.program);
    this.#renew();
  }

  /** Something that happens to an account besides requests that end at once. */
  change(): void {
    const random = this.#random;
    const draw = random.next();
    const atMs = this.#wallMs;
    if (this.#wallMs >= this.#single.account.period.endMs && random.next() < 0.9) this.#renew();
    if (draw < 0.3) this.#grant(atMs);
    else if (draw < 0.4) {
      const cap = random.next() < 0.3 ? undefined : (random.below(1500) as NanoUsd);
      this.#both((world) => void setCustomerCap(world.account, cap, atMs));
    } else if (draw < 0.5) {
      this.#plan = changedPlan(random, this.#plan, `plv_${this.#requests}_${atMs}`);
      const next = compilePlan(this.#plan);
      this.#both((world) => {
        changePlan(world.account, world.program, next, atMs);
        world.program = next;
      });
    } else if (draw < 0.8) {
      // It stays open meanwhile.
      const { request } = this.#life();
      this.#both((world) => decideIn(world, request));
    }
  }

  live(counts: StretchesRun): void {
    const random = this.#random;
    const sender = this.#life().request;
    const isAlike = random.next() < 0.7;
    const lives = Array.from({ length: 1 + random.below(STRETCH_MAX) }, () => {
      const life = this.#life();
      const { memberId: _m, keyId: _k, keyCapNanoUsd: _c, ...rest } = life.request;
      return { ...life, request: { ...rest, ...senderOf(sender) } };
    });
    const stretch = this.#stretch;
    stretch.clear();
    stretch.tellsOpenings = random.next() < 0.5;
    for (const [j, life] of lives.entries()) this.#fill(j, life, isAlike);
    const world = this.#stretched;
    for (let from = 0; from < lives.length;) {
      const scopes = world.scopes(sender.memberId ?? '', sender.keyId ?? '');
      const { account, program } = world;
      const to = liveStretch(
        account,
        program,
        senderOf(sender),
        scopes,
        stretch,
        from,
        lives.length,
      );
      let opensAtMs = Infinity;
      for (; from < to; from++) {
        const life = lives[from];
        if (life === undefined) continue;
        assert(life.request.atMs <= opensAtMs, 'nothing is taken after a gate that refused opens');
        this.#compare(from, life, counts);
        const isTold = stretch.tellsOpenings && stretch.verdict[from] === VERDICT.refusedByGate;
        if (isTold) opensAtMs = Math.min(opensAtMs, stretch.opensAtMs[from] ?? 0);
      }
      const stopped = lives[from];
      if (stretch.wanted >= 0) {
        for (const [j, life] of lives.entries()) this.#fillOther(j, life, stretch.wanted);
        continue;
      }
      if (stopped !== undefined) {
        this.#both((each) => liveIn(each, stopped));
        from++;
      }
      this.#compareStates();
    }
    counts.requests += lives.length;
  }

  /** What a stretch said of a request is what single steps say. */
  #compare(j: number, life: Life, counts: StretchesRun): void {
    const world = this.#single;
    const { decision, settlement } = world;
    settlement.clear(life.endedMs);
    liveIn(world, life);
    const told = this.#told;
    this.#stretch.tell(j, world.program, told.decision, told.settlement);
    same(told.decision.verdict, decision.verdict, 'verdict');
    same(told.decision.reason, decision.reason, 'reason');
    same(told.decision.classIndex, decision.classIndex, 'class');
    same(told.decision.fallback, decision.fallback, 'fallback');
    same(told.decision.nowMs, decision.nowMs, 'time');
    same(told.decision.gate, decision.gate, 'gate');
    same(told.decision.slow, decision.slow, 'slow');
    same(told.decision.heldChargeNanoUsd, decision.heldChargeNanoUsd, 'held');
    const { gate } = decision;
    const isStopped = decision.verdict === 'refused' && decision.reason === 'gate';
    if (this.#stretch.tellsOpenings && isStopped)
      same(told.decision.resetsAtMs[gate], decision.resetsAtMs[gate], 'opening');
    same(told.settlement.found, decision.verdict === 'admitted', 'end');
    same(told.settlement.chargeNanoUsd, settlement.chargeNanoUsd, 'charge');
    same(settlement.overrunNanoUsd, 0, 'overrun');
    for (const payer of [...LOT_KINDS, 'overage'] as const)
      same(told.settlement[`${payer}NanoUsd`], settlement[`${payer}NanoUsd`], `paid by ${payer}`);
    counts[
      decision.verdict === 'refused'
        ? 'refused'
        : decision.fallback === 'gate'
          ? 'fellBack'
          : 'served'
    ]++;
  }

  #compareStates(): void {
    same(stateOf(this.#stretched), stateOf(this.#single), 'state');
  }

  #fill(j: number, { request, endedMs, actual }: Life, isAlike: boolean): void {
    const stretch = this.#stretch;
    const { program } = this.#single;
    const [candidate] = request.candidates;
    const index = classIndexOf(program, candidate?.className ?? '');
    const isTaken = candidate?.available === true && index >= 0;
    stretch.atMs[j] = request.atMs;
    stretch.endedMs[j] = endedMs;
    // Now and then one that is kept out of it.
    const isKeptOut = !isAlike && this.#random.next() < 0.2;
    stretch.asked[j] = isTaken && !isKeptOut ? index : ONE_BY_ONE;
    if (candidate !== undefined) fillClass(stretch.ofAsked, j, candidate, actual);
  }

  #fillOther(j: number, { request, actual }: Life, classIndex: number): void {
    const name = this.#single.program.classNames[classIndex];
    const found = request.candidates.find(({ className }) => className === name);
    const of = this.#stretch.fill(classIndex);
    if (found === undefined) of.available[j] = 0;
    else fillClass(of, j, found, actual);
  }

  #life(): Life {
    const random = this.#random;
    this.#wallMs += timePassed(random) / (random.next() < 0.8 ? 50 : 1);
    this.#wallMs = Math.floor(this.#wallMs);
    const request = randomRequest(random, {
      requestId: `req_${this.#requests++}` as Id<'request'>,
      atMs: this.#wallMs,
      names: this.#plan.classes.map(({ name }) => name),
    });
    const quote = request.candidates[0]?.quote ?? { tokens: 0, costNanoUsd: 0, chargeNanoUsd: 0 };
    const lasted = random.next() < 0.9 ? random.below(900) : random.below(20_000) - 5000;
    return {
      request,
      endedMs: this.#wallMs + lasted,
      actual: randomActual(random, quote as Amounts),
    };
  }

  #grant(atMs: number): void {
    const random = this.#random;
    const kind = pick(random, LOT_KINDS);
    const amountNanoUsd = random.below(20_000) as NanoUsd;
    const expiresAtMs = random.next() < 0.3 ? UNBOUNDED : atMs + 1 + random.below(72 * HOUR_MS);
    this.#both((world) => void grant(world.account, { atMs, kind, amountNanoUsd, expiresAtMs }));
  }

  #renew(): void {
    const { account } = this.#single;
    const startMs = account.seq === 0 ? this.#wallMs : account.period.endMs;
    const endMs = startMs + HOUR_MS * (6 + this.#random.below(24 * 31));
    const atMs = Math.max(this.#wallMs, startMs);
    this.#both((world) => {
      const period = { atMs, startMs, endMs, timeZone: 'Europe/London' };
      renewPeriod(world.account, world.program, period);
    });
  }

  #both(operate: (world: World) => void): void {
    operate(this.#single);
    operate(this.#stretched);
  }
}

function fillClass(of: StretchClass, j: number, candidate: Candidate, actual: Amounts): void {
  const { quote, available } = candidate;
  of.available[j] = available ? 1 : 0;
  of.tokensHeld[j] = quote.tokens;
  of.costHeld[j] = quote.costNanoUsd;
  of.chargeHeld[j] = quote.chargeNanoUsd;
  of.tokens[j] = actual.tokens;
  of.cost[j] = actual.costNanoUsd;
  of.charge[j] = actual.chargeNanoUsd;
}

function senderOf({ memberId, keyId, keyCapNanoUsd }: DecisionRequest) {
  return {
    ...(memberId && { memberId }),
    ...(keyId && { keyId }),
    ...(keyCapNanoUsd !== undefined && { keyCapNanoUsd }),
  };
}

function decideIn(world: World, request: DecisionRequest): void {
  const scopes = world.scopes(request.memberId ?? '', request.keyId ?? '');
  decide(world.account, world.program, request, scopes, world.decision);
}

function liveIn(world: World, { request, endedMs, actual }: Life): void {
  decideIn(world, request);
  const scopes = world.scopes(request.memberId ?? '', request.keyId ?? '');
  const { requestId } = request;
  const ending = { atMs: endedMs, requestId, actual };
  if (world.decision.verdict === 'admitted')
    settle(world.account, world.program, ending, scopes, world.settlement);
}

/** Everything that later decisions read. */
function stateOf(world: World): string {
  const { account, members, keys } = world;
  const scopes = [members, keys].map((rows) =>
    [...rows].map(([id, row]) => [id, row.encode().toString('hex')]),
  );
  return JSON.stringify([
    encodeAccount(account),
    account.lots,
    account.debtHeldNanoUsd,
    account.period,
    account.previousPeriod,
    account.windows.windows.map((window) => window.used),
    scopes,
  ]);
}
