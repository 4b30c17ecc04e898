import { accrueInAll, priceOfRest } from '#admission/accrual.ts';
import { takeBack, type Payment } from '#admission/payment-record.ts';
import { assert } from '#base/assert.ts';
import { type NanoUsd, nanoUsd } from '#base/money.ts';
import {
  changePlan,
  expireLots,
  type FundsChange,
  grant,
  refund,
  renewPeriod,
  setCustomerCap,
} from '#plans/funding.ts';
import { type AccountOperation, NO_EVENT } from './account-operation.ts';
import type { ReplayPlace } from './replay-place.ts';
import type { ReplayProgram } from './replay-program.ts';
import type { ReplaySpec } from './replay-spec.ts';
import type { EventColumns } from './tape.ts';

/** What happens to an account besides its requests, and what its subscription earns. */
export class ReplayAccount {
  readonly #spec: ReplaySpec;
  readonly #event: EventColumns;
  readonly #place: ReplayPlace;
  readonly #programs: ReadonlyMap<string, ReplayProgram>;
  /** Of the account's price; see admission. */
  #terms = { priceNanoUsd: 0, accruedNanoUsd: 0, fromMs: 0, accruedToMs: 0 };
  /** What was paid for events that are refunded or measured anew. */
  readonly #payments = new Map<number, readonly Payment[]>();
  readonly #kept = new Set<number>();

  constructor(input: {
    readonly spec: ReplaySpec;
    readonly event: EventColumns;
    readonly place: ReplayPlace;
    readonly programs: ReadonlyMap<string, ReplayProgram>;
  }) {
    this.#spec = input.spec;
    this.#event = input.event;
    this.#place = input.place;
    this.#programs = input.programs;
  }

  reset(): void {
    if (this.#payments.size > 0) this.#payments.clear();
    if (this.#kept.size > 0) this.#kept.clear();
  }

  /** What is given back later must be remembered when it is paid. */
  expect(operation: AccountOperation): void {
    if (operation.kind === 'refund' || operation.kind === 'supersede')
      this.#kept.add(operation.event);
  }

  get keepsAny(): boolean {
    return this.#kept.size > 0;
  }

  isKept(event: number): boolean {
    return this.#kept.size > 0 && this.#kept.has(event);
  }

  keep(event: number, payments: readonly Payment[]): void {
    this.#payments.set(event, payments);
  }

  expectEvent(event: number): void {
    this.#kept.add(event);
  }

  /** Events whose payments are remembered. */
  get paid(): Iterable<number> {
    return this.#payments.keys();
  }

  /** Events lie elsewhere now; those that do not are over. */
  move(moved: ReadonlyMap<number, number>): void {
    const kept = [...this.#kept];
    const payments = [...this.#payments];
    this.reset();
    for (const event of kept) {
      const place = moved.get(event);
      if (place !== undefined) this.#kept.add(place);
    }
    for (const [event, each] of payments) this.#payments.set(moved.get(event) ?? event, each);
  }

  /** Does what the books recorded; extensions of holds are the run's. */
  operate(operation: Exclude<AccountOperation, { kind: 'extend' }>): void {
    if (operation.kind === 'open') return this.#open(operation);
    if (!this.#place.isOpen) return;
    const { account } = this.#place;
    const { atMs } = operation;
    switch (operation.kind) {
      case 'grant':
        return this.#move(
          grant(account, {
            atMs,
            kind: operation.credits,
            amountNanoUsd: operation.amountNanoUsd,
            ...(operation.expiresAtMs !== undefined && { expiresAtMs: operation.expiresAtMs }),
          }),
        );
      case 'refund':
        return this.#refund(operation.event, atMs, operation.amountNanoUsd);
      case 'supersede':
        return this.#refund(operation.event, atMs, undefined, operation.charge);
      case 'change_plan':
        return this.#changePlan(operation);
      case 'renew':
        return this.#renew(operation);
      case 'cap':
        return this.#move(setCustomerCap(account, operation.capNanoUsd, atMs));
      case 'accrue':
        this.#earn(account.advance(atMs));
        account.seq++;
        return;
      case 'expire':
        return this.#move(expireLots(account, atMs));
    }
  }

  /** Where it is open already, what its windows hold is all that stays. */
  #open(operation: Extract<AccountOperation, { kind: 'open' }>): void {
    const place = this.#place;
    const program = this.#programOf(operation.planVersionId);
    const { account } = place;
    const { period } = operation;
    account.lots.length = 0;
    account.debtNanoUsd = 0;
    place.program = program;
    account.planVersionId = operation.planVersionId;
    renewPeriod(account, program.program, {
      atMs: Math.max(operation.atMs, period.startMs),
      ...period,
    });
    this.#price(program, operation.priceNanoUsd, period.startMs);
    place.isOpen = true;
  }

  #renew(operation: Extract<AccountOperation, { kind: 'renew' }>): void {
    const { account, program } = this.#place;
    const { period, priceNanoUsd } = operation;
    this.#earn(account.periodEndMs);
    const atMs = account.advance(operation.atMs);
    this.#move(renewPeriod(account, program.program, { atMs, ...period }));
    this.#price(program, priceNanoUsd, period.startMs);
  }

  #changePlan(operation: Extract<AccountOperation, { kind: 'change_plan' }>): void {
    const place = this.#place;
    const { account } = place;
    const next = this.#programOf(operation.planVersionId);
    const nowMs = account.advance(operation.atMs);
    this.#earn(nowMs);
    const { startMs, endMs } = account.period;
    const price = priceOfRest(priceOf(next, operation.priceNanoUsd), {
      restMs: endMs - nowMs,
      wholeMs: endMs - startMs,
    });
    this.#move(changePlan(account, place.program.program, next.program, nowMs));
    const fromMs = Math.min(nowMs, endMs);
    this.#terms = { priceNanoUsd: price, accruedNanoUsd: 0, fromMs, accruedToMs: fromMs };
    place.program = next;
    place.enter(place.segment + 1);
  }

  #programOf(planVersionId: string): ReplayProgram {
    const program = this.#programs.get(planVersionId);
    assert(program !== undefined, 'every plan version of the tape has a program');
    return program;
  }

  #price(program: ReplayProgram, paid: NanoUsd, fromMs: number): void {
    const priceNanoUsd = priceOf(program, paid);
    this.#terms = { priceNanoUsd, accruedNanoUsd: 0, fromMs, accruedToMs: fromMs };
  }

  #move(funds: FundsChange): void {
    if (funds.breakage.bought > 0 && funds.nowMs >= this.#spec.fromMs)
      this.#place.add('breakage', funds.breakage.bought);
  }

  #earn(toMs: number): void {
    const terms = this.#terms;
    const endMs = this.#place.account.periodEndMs;
    const earned = accrueInAll({ ...terms, endMs }, toMs, this.#spec.fromMs);
    terms.accruedNanoUsd = earned.accruedNanoUsd;
    this.#place.add('subscription', earned.countedNanoUsd);
    terms.accruedToMs = Math.max(terms.accruedToMs, Math.min(toMs, endMs));
  }

  /** As admission gives back: last payer first, and one number in the sequence for all of it. */
  #refund(event: number, atMs: number, amount: NanoUsd | undefined, newCharge?: number): void {
    const { account } = this.#place;
    const paid = this.#payments.get(event);
    if (event === NO_EVENT || paid === undefined || paid.length === 0) {
      account.seq++;
      return;
    }
    const whole = paid.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0);
    const wanted = newCharge === undefined ? (amount ?? whole) : Math.max(0, whole - newCharge);
    const { back, kept } = takeBack(paid, Math.min(whole, wanted));
    this.#payments.set(event, kept);
    const { seq } = account;
    let revenue = 0;
    for (const { payer, amountNanoUsd, expiresAtMs } of back) {
      refund(account, {
        atMs,
        payer,
        amountNanoUsd: nanoUsd(amountNanoUsd),
        expiresAtMs,
        admittedAtMs: this.#event.atMs[event] ?? 0,
      });
      if (payer === 'bought' || payer === 'overage') revenue += amountNanoUsd;
    }
    account.seq = seq + 1;
    if (atMs >= this.#spec.fromMs) this.#place.add('refunded', revenue);
  }
}

/** What was paid at the time, or what the scenario's plan asks. */
function priceOf(program: ReplayProgram, paid: NanoUsd): NanoUsd {
  return program.isChanged ? program.plan.priceNanoUsd : paid;
}
