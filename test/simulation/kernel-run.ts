import { assert } from '#base/assert.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import { type Random, seededRandom } from '#base/random.ts';
import { encodeAccount } from '#plans/account-row.ts';
import { LOT_KINDS, type LotKind, UNBOUNDED } from '#plans/account-state.ts';
import { compilePlan } from '#plans/compile.ts';
import type { Amounts } from '#plans/decision.ts';
import {
  changePlan,
  expireLots,
  type FundsChange,
  grant,
  refund,
  renewPeriod,
  setCustomerCap,
} from '#plans/funding.ts';
import { decide, extend, settle, voidHold } from '#plans/kernel.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import { ReferenceKernel } from '#testing/reference-kernel.ts';
import { compareDecision, digest, same } from './agreement.ts';
import { randomActual, randomRequest, timePassed } from './draws.ts';
import { OtherProcesses } from './other-processes.ts';
import { changedPlan, pick, randomPlan } from './random-plan.ts';
import { World } from './world.ts';

/**
 * One seeded interleaving of requests, settlements, money and time against the kernel and the naive
 * reference at once, then the replay of what was recorded. Throws on the first difference.
 */

const ZONES = ['UTC', 'America/New_York', 'Europe/London', 'Asia/Kolkata', 'Australia/Lord_Howe'];
/** Shortly before clock changes and month ends on both halves of the globe. */
const BEGINNINGS = [
  '2026-03-06T22:00:00Z',
  '2026-10-24T09:00:00Z',
  '2027-01-29T03:00:00Z',
  '2028-02-28T20:00:00Z',
];
const HOUR_MS = 3_600_000;
const STEPS = 40;

interface OpenRequest {
  readonly requestId: Id<'request'>;
  readonly quote: Amounts;
  readonly memberId: string;
  readonly keyId: string;
}

interface Paid {
  readonly payer: LotKind | 'overage';
  readonly amount: number;
  readonly expiresAtMs: number;
  readonly admittedAtMs: number;
}

/** One recorded input; applied to a world it gives what is recorded beside it. */
interface Recorded {
  readonly apply: (world: World) => string;
  readonly outcome: string;
}

export function runInterleaving(seed: number): void {
  const run = new KernelRun(seededRandom(seed));
  for (let step = 0; step < STEPS; step++) {
    try {
      run.step();
    } catch (error) {
      throw new Error(
        `seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  try {
    run.replay();
  } catch (error) {
    throw new Error(
      `seed ${seed}, replay: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

class KernelRun {
  readonly #random: Random;
  readonly #world: World;
  readonly #reference: ReferenceKernel;
  readonly #record: Recorded[] = [];
  readonly #firstPlan: PlanVersion;
  readonly #open: OpenRequest[] = [];
  readonly #paid: Paid[] = [];
  /** What FundsChange and SettleOut said has moved, by bucket. */
  readonly #booked: Record<LotKind, number> = { allowance: 0, promotional: 0, bought: 0 };
  readonly #others: OtherProcesses;
  #plan: PlanVersion;
  #wallMs: number;
  #requests = 0;
  #overrunTotal = 0;
  #refundTotal = 0;
  #overdraftMost = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#plan = randomPlan(random, 'plv_0');
    this.#firstPlan = this.#plan;
    this.#reference = new ReferenceKernel(this.#plan);
    this.#others = new OtherProcesses(random, this.#reference);
    this.#world = new World(this.#others.learn(this.#plan));
    this.#wallMs = Date.parse(pick(random, BEGINNINGS)) + random.below(48 * HOUR_MS);
    this.#overdraftMost = this.#plan.overdraftNanoUsd;
    this.#renew(this.#wallMs);
  }

  step(): void {
    this.#wallMs += timePassed(this.#random);
    const { period } = this.#world.account;
    if (
      Math.max(this.#wallMs, this.#world.account.lastSeenMs) >= period.endMs &&
      this.#random.next() < 0.6
    ) {
      this.#renew(period.endMs);
    }
    const draw = this.#random.next();
    if (draw < 0.48) this.#decide();
    else if (draw < 0.68) this.#end(false);
    else if (draw < 0.74) this.#end(true);
    else if (draw < 0.82) this.#extend();
    else if (draw < 0.86) this.#grant();
    else if (draw < 0.9) this.#refund();
    else if (draw < 0.92) this.#expire();
    else if (draw < 0.94) this.#capCustomer();
    else if (draw < 0.97) this.#changePlan();
    else this.#others.use(this.#world, this.#wallMs);
    const around = this.#random.next();
    if (around < 0.1) this.#world.throughRows();
    else if (around < 0.2) this.#world.throughCopies();
    this.#checkInvariants();
  }

  /** The recorded inputs, applied in order to a fresh account, give the recorded outcomes and the same rows. */
  replay(): void {
    const world = new World(compilePlan(this.#firstPlan));
    for (const [index, { apply, outcome }] of this.#record.entries()) {
      same(apply(world), outcome, `operation ${index}`);
    }
    const rows = [encodeAccount(world.account), encodeAccount(this.#world.account)];
    same(JSON.stringify(rows[0]), JSON.stringify(rows[1]), 'the row at the end');
  }

  #do(apply: (world: World) => string): string {
    const outcome = apply(this.#world);
    this.#record.push({ apply, outcome });
    return outcome;
  }

  #decide(): void {
    const requestId = `req_${this.#requests++}` as Id<'request'>;
    const names = this.#plan.classes.map((terms) => terms.name);
    const request = randomRequest(this.#random, { requestId, atMs: this.#wallMs, names });
    const { decision } = this.#world;
    const scopes = () => this.#world.scopes(request.memberId ?? '', request.keyId ?? '');
    for (;;) {
      decide(this.#world.account, this.#world.program, request, scopes(), decision);
      if (decision.verdict !== 'needsSlice') break;
      const gate = this.#world.program.gates[decision.sliceGate];
      this.#lease(gate?.key ?? 0, gate?.limit ?? 0, decision.sliceAmount, decision.nowMs);
    }
    const atMs = decision.nowMs;
    this.#record.push({
      outcome: digest(decision),
      apply: (world) => {
        const own = world.scopes(request.memberId ?? '', request.keyId ?? '');
        decide(world.account, world.program, { ...request, atMs }, own, world.decision);
        return digest(world.decision);
      },
    });
    compareDecision(this.#world, request, this.#reference.decide(request));
    const quote = request.candidates[decision.candidate]?.quote;
    if (decision.verdict === 'admitted' && quote !== undefined) {
      this.#open.push({
        requestId: request.requestId,
        quote,
        memberId: request.memberId ?? '',
        keyId: request.keyId ?? '',
      });
    }
  }

  #lease(key: number, limit: number, amount: number, nowMs: number): void {
    const slice = this.#others.lease(this.#world, { key, limit, amount, nowMs });
    this.#do((world) => {
      world.shared.put(slice);
      return '';
    });
  }

  #end(isVoid: boolean): void {
    // Now and then one that has ended before, or never was.
    const isLate = this.#random.next() < 0.05;
    const index = this.#random.below(this.#open.length);
    const found = isLate ? undefined : this.#open[index];
    if (found !== undefined) this.#open.splice(index, 1);
    const request = found ?? { ...this.#blankRequest(), requestId: 'req_none' as Id<'request'> };
    const actual = isVoid ? undefined : randomActual(this.#random, request.quote);
    const ending = { atMs: this.#wallMs, requestId: request.requestId };
    this.#do((world) => {
      const scopes = world.scopes(request.memberId, request.keyId);
      if (actual === undefined)
        voidHold(world.account, world.program, ending, scopes, world.settlement);
      else settle(world.account, world.program, { ...ending, actual }, scopes, world.settlement);
      return JSON.stringify(world.settlement);
    });
    const { settlement } = this.#world;
    const expected = this.#reference.end(ending.atMs, ending.requestId, actual);
    same(settlement.found, expected !== undefined, 'hold found');
    if (expected === undefined) return;
    same(settlement.chargeNanoUsd, Number(expected.charge), 'charge');
    same(settlement.overrunNanoUsd, Number(expected.overrun), 'overrun');
    this.#overrunTotal += settlement.overrunNanoUsd;
    for (const payer of LOT_KINDS) {
      same(settlement[`${payer}NanoUsd`], Number(expected.byPayer[payer]), `paid by ${payer}`);
      this.#booked[payer] -= settlement[`${payer}NanoUsd`];
    }
    same(settlement.overageNanoUsd, Number(expected.byPayer.overage), 'paid by overage');
    this.#rememberPaid();
  }

  #rememberPaid(): void {
    const { settlement } = this.#world;
    for (const payer of [...LOT_KINDS, 'overage'] as const) {
      const amount = settlement[`${payer}NanoUsd`];
      const expiresAtMs =
        this.#random.next() < 0.5 ? UNBOUNDED : this.#wallMs + this.#random.below(48 * HOUR_MS);
      if (amount > 0)
        this.#paid.push({ payer, amount, expiresAtMs, admittedAtMs: settlement.admittedAtMs });
    }
  }

  #blankRequest(): OpenRequest {
    const quote = { tokens: 0, costNanoUsd: 0 as NanoUsd, chargeNanoUsd: 0 as NanoUsd };
    return { requestId: '' as Id<'request'>, quote, memberId: '', keyId: '' };
  }

  #extend(): void {
    const open = this.#open[this.#random.below(this.#open.length)];
    if (open === undefined) return;
    const upTo = randomActual(this.#random, open.quote);
    const given = { atMs: this.#wallMs, requestId: open.requestId, upTo };
    const { extension } = this.#world;
    const run = (world: World): string => {
      const scopes = world.scopes(open.memberId, open.keyId);
      extend(world.account, world.program, given, scopes, world.extension);
      return JSON.stringify(world.extension);
    };
    let outcome = run(this.#world);
    while (extension.verdict === 'needsSlice') {
      const hold = this.#world.account.findHold(open.requestId);
      const limit = hold?.gates.find((held) => held.key === extension.gateKey)?.limit ?? 0;
      this.#lease(extension.gateKey, limit, extension.sliceAmount, extension.nowMs);
      outcome = run(this.#world);
    }
    this.#record.push({ apply: run, outcome });
    const expected = this.#reference.extend(given.atMs, given.requestId, upTo);
    same(extension.verdict, expected === true ? 'extended' : 'refused', 'extension');
  }

  #grant(): void {
    const kind = pick(this.#random, LOT_KINDS);
    const amountNanoUsd = this.#random.below(2000) as NanoUsd;
    const expiresAtMs =
      this.#random.next() < 0.3 ? UNBOUNDED : this.#wallMs + this.#random.below(72 * HOUR_MS);
    const atMs = this.#wallMs;
    this.#funds((world) => grant(world.account, { atMs, kind, amountNanoUsd, expiresAtMs }));
    this.#reference.money.grant(atMs, kind, BigInt(amountNanoUsd), BigInt(expiresAtMs));
  }

  #refund(): void {
    const paid = this.#paid.pop();
    if (paid === undefined) return;
    const amount = 1 + this.#random.below(paid.amount);
    const { payer, expiresAtMs, admittedAtMs } = paid;
    const atMs = this.#wallMs;
    this.#refundTotal += amount;
    this.#funds((world) =>
      refund(world.account, {
        atMs,
        payer,
        expiresAtMs,
        amountNanoUsd: amount as NanoUsd,
        admittedAtMs,
      }),
    );
    this.#reference.money.refund(
      {
        atMs,
        payer,
        amount: BigInt(amount),
        expires: BigInt(expiresAtMs),
        admittedAt: BigInt(admittedAtMs),
      },
      BigInt(UNBOUNDED),
    );
  }

  #expire(): void {
    const atMs = this.#wallMs;
    this.#funds((world) => expireLots(world.account, atMs));
    this.#reference.money.expire(atMs);
  }

  #capCustomer(): void {
    const cap = this.#random.next() < 0.3 ? undefined : (this.#random.below(1500) as NanoUsd);
    const atMs = this.#wallMs;
    this.#funds((world) => setCustomerCap(world.account, cap, atMs));
    this.#reference.money.setCustomerCap(atMs, cap === undefined ? undefined : BigInt(cap));
  }

  #changePlan(): void {
    const next = changedPlan(this.#random, this.#plan, `plv_${this.#record.length + 1}`);
    const program = this.#others.learn(next);
    const atMs = this.#wallMs;
    this.#funds((world) => {
      const moved = changePlan(world.account, world.program, program, atMs);
      world.program = program;
      return moved;
    });
    this.#reference.money.changePlan(atMs, next);
    this.#plan = next;
    this.#overdraftMost = Math.max(this.#overdraftMost, next.overdraftNanoUsd);
  }

  #renew(startMs: number): void {
    const endMs = startMs + HOUR_MS * (6 + this.#random.below(24 * 31));
    const { account } = this.#world;
    const zone =
      account.seq > 0 && this.#random.next() < 0.7 ? account.timeZone : pick(this.#random, ZONES);
    const atMs = this.#wallMs;
    const { program } = this.#world;
    this.#funds((world) =>
      renewPeriod(world.account, program, { atMs, startMs, endMs, timeZone: zone }),
    );
    this.#reference.money.renew(atMs, { start: BigInt(startMs), end: BigInt(endMs), zone });
  }

  #funds(operate: (world: World) => FundsChange): void {
    let moved: FundsChange | undefined;
    this.#do((world) => {
      moved = operate(world);
      return JSON.stringify(moved);
    });
    for (const kind of LOT_KINDS) this.#booked[kind] += moved?.[`${kind}NanoUsd`] ?? 0;
  }

  #checkInvariants(): void {
    const { account } = this.#world;
    const held = account.holds.reduce((sum, hold) => sum + hold.payments.totalNanoUsd, 0);
    same(account.heldNanoUsd, held, 'held is the sum of the holds');
    same(account.heldNanoUsd, Number(this.#reference.money.held()), 'held');
    same(account.holds.length, this.#open.length, 'open holds');
    for (const lot of account.lots) {
      assert(
        lot.heldNanoUsd >= 0 && lot.heldNanoUsd <= lot.amountNanoUsd,
        'a lot holds what it has',
      );
    }
    for (const kind of LOT_KINDS) {
      same(account.balance(kind), this.#booked[kind], `the fold of ${kind}`);
      same(
        account.balance(kind),
        Number(this.#reference.money.kindBalance(kind)),
        `balance of ${kind}`,
      );
    }
    const start = BigInt(account.period.startMs);
    same(
      account.period.overageUsedNanoUsd,
      Number(this.#reference.money.balance(`overage ${start}`)),
      'overage',
    );
    same(
      account.period.fareChargedNanoUsd,
      Number(this.#reference.money.fareCharged(start)),
      'fare',
    );
    const below = account.debtNanoUsd + account.debtHeldNanoUsd;
    assert(
      below <= this.#overdraftMost + this.#overrunTotal,
      'only an overrun passes the overdraft',
    );
    if (this.#overrunTotal > 0 || this.#refundTotal > 0 || this.#plan.fareCapNanoUsd === undefined)
      return;
    assert(
      account.period.fareChargedNanoUsd <= this.#fareCapMost(),
      'usage never charges past the fare cap',
    );
  }

  #fareCapMost(): number {
    const caps = this.#world.account.holds.map((hold) => hold.fareCapNanoUsd);
    return Math.max(
      this.#firstPlan.fareCapNanoUsd ?? UNBOUNDED,
      this.#plan.fareCapNanoUsd ?? UNBOUNDED,
      ...caps,
    );
  }
}
