import { DomainError } from '#base/domain-error.ts';
import { type Id, uuidOf } from '#base/id.ts';
import { utcDay } from '#base/utc-day.ts';
import {
  ledgerAccountName,
  PAYMENTS_RECEIVED,
  PROMOTIONAL_EXPENSE,
} from '#ledger/ledger-account.ts';
import { AccountState } from '#plans/account-state.ts';
import type { PlanProgram } from '#plans/compile.ts';
import { changePlan, expireLots, grant, renewPeriod, setCustomerCap } from '#plans/funding.ts';
import type { AccountChange, AccountRef, ChangeResult } from './account-change.ts';
import { AccountRecord } from './account-record.ts';
import { priceOfRest } from './accrual.ts';
import type { Batch } from './batch.ts';
import { ChangeEntry, type PlanAccounts, priceReceived, UNMOVED } from './change-entry.ts';
import type { AdmissionContext } from './context.ts';
import { PendingOperation } from './pending-operation.ts';
import { applyRefund } from './refund-change.ts';

type ChangeOf<Kind extends AccountChange['kind']> = Extract<AccountChange, { kind: Kind }>;

/** A change of an account in its sequence, with its postings. */
export class ChangeOperation extends PendingOperation<ChangeResult> {
  readonly lasting = false;
  readonly #context: AdmissionContext;
  readonly #change: AccountChange;
  readonly #atMs: number | undefined;

  constructor(
    context: AdmissionContext,
    account: AccountRef,
    change: AccountChange,
    atMs?: number,
  ) {
    super(account);
    this.#context = context;
    this.#change = change;
    this.#atMs = atMs;
    if (change.kind === 'refund') {
      this.lookUp = { id: uuidOf(change.requestId), day: utcDay(change.admittedAtMs) };
    }
  }

  apply(batch: Batch): void {
    const change = this.#change;
    if (change.kind === 'open') return this.#open(batch, change);
    const record = batch.record(this);
    if (record === undefined) {
      throw new DomainError('no_subscription', 'This customer has no account in this book.');
    }
    const program = this.#context.programOf(record.state.planVersionId, batch, this);
    const accounts = program && this.#accountsOf(program.planVersionId, batch);
    if (program === undefined || accounts === undefined) return;
    const entry = this.#entry(batch, record, program, accounts);
    switch (change.kind) {
      case 'grant':
        this.#grant(entry, change);
        break;
      case 'refund':
        applyRefund(entry, change, batch.bookedEvent(this));
        break;
      case 'change_plan':
        this.#changePlan(entry, change);
        break;
      case 'renew':
        this.#renew(entry, change);
        break;
      case 'cap':
        entry.finish(setCustomerCap(record.state, change.capNanoUsd, entry.clockMs), []);
        break;
      case 'accrue':
        this.#accrueNow(entry);
        break;
      case 'expire':
        this.#expire(entry);
        break;
    }
    this.result = entry.result;
  }

  #open(batch: Batch, change: ChangeOf<'open'>): void {
    if (batch.record(this) !== undefined) {
      throw new DomainError('conflict', 'This customer has an account in this book already.');
    }
    const { period, priceNanoUsd } = change;
    const program = this.#context.programOf(change.planVersionId, batch, this);
    const accounts = program && this.#accountsOf(program.planVersionId, batch);
    if (program === undefined || accounts === undefined) return;
    const state = new AccountState();
    state.planVersionId = change.planVersionId;
    const record = new AccountRecord(this.book, this.customer, state, {
      subscription: uuidOf(change.subscriptionId),
      priceNanoUsd,
      accruedNanoUsd: 0,
      accrualFromMs: period.startMs,
      accruedToMs: period.startMs,
    });
    batch.create(this, record);
    const atMs = Math.max(this.#now(), period.startMs);
    const funds = renewPeriod(state, program, { atMs, ...period });
    const entry = this.#entry(batch, record, program, accounts);
    entry.finish(funds, priceReceived(priceNanoUsd));
    entry.presence(funds.nowMs);
    this.result = entry.result;
  }

  /** A reference that was used before makes the store refuse it: a payment posted twice is credited once. */
  #grant(entry: ChangeEntry, change: ChangeOf<'grant'>): void {
    const { credits, amountNanoUsd, expiresAtMs } = change;
    const funds = grant(entry.record.state, {
      atMs: entry.clockMs,
      kind: credits,
      amountNanoUsd,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    entry.batch.writes.reference(entry.record, change.reference, funds.seq);
    const source = credits === 'bought' ? PAYMENTS_RECEIVED : PROMOTIONAL_EXPENSE;
    entry.finish(funds, [], { allowance: source, promotional: source, bought: source });
  }

  #changePlan(entry: ChangeEntry, change: ChangeOf<'change_plan'>): void {
    const { batch, record, program } = entry;
    const next = this.#context.programOf(change.planVersionId, batch, this);
    if (next === undefined || this.#accountsOf(next.planVersionId, batch) === undefined) return;
    const { terms, state } = record;
    const atMs = state.advance(entry.clockMs);
    const earned = entry.earn(atMs);
    const { startMs, endMs } = state.period;
    const wholeMs = endMs - startMs;
    const unearned = terms.priceNanoUsd - terms.accruedNanoUsd;
    const price = priceOfRest(change.priceNanoUsd, { restMs: endMs - atMs, wholeMs });
    const funds = changePlan(state, program, next, atMs);
    terms.priceNanoUsd = price;
    terms.accruedNanoUsd = 0;
    terms.accrualFromMs = Math.min(atMs, endMs);
    terms.accruedToMs = terms.accrualFromMs;
    entry.finish(funds, [...earned, ...priceReceived(price - unearned)]);
    entry.presence(atMs);
  }

  #renew(entry: ChangeEntry, { period, priceNanoUsd }: ChangeOf<'renew'>): void {
    const { record, program } = entry;
    const { state, terms } = record;
    if (period.startMs < state.periodEndMs) {
      throw new DomainError('conflict', 'That period has begun already.');
    }
    const atMs = state.advance(entry.clockMs);
    const earned = entry.earn(state.periodEndMs);
    const funds = renewPeriod(state, program, { atMs, ...period });
    terms.priceNanoUsd = priceNanoUsd;
    terms.accruedNanoUsd = 0;
    terms.accrualFromMs = period.startMs;
    terms.accruedToMs = period.startMs;
    entry.finish(funds, [...earned, ...priceReceived(priceNanoUsd)]);
    entry.presence(atMs);
  }

  /** Between a period's end and its renewal nothing expires: the renewal carries over first. */
  #expire(entry: ChangeEntry): void {
    const { state } = entry.record;
    const nowMs = Math.max(entry.clockMs, state.lastSeenMs);
    const hasExpired = state.lots.some(
      (lot) => nowMs >= lot.expiresAtMs && lot.amountNanoUsd > lot.heldNanoUsd,
    );
    if (!hasExpired || nowMs >= state.periodEndMs) {
      throw new DomainError('conflict', 'No credits of this account are to be expired now.');
    }
    entry.finish(expireLots(state, nowMs), []);
  }

  #accrueNow(entry: ChangeEntry): void {
    const { record } = entry;
    const nowMs = record.state.advance(entry.clockMs);
    const postings = entry.earn(nowMs);
    const funds = { ...UNMOVED, nowMs, seq: record.nextSeq() };
    entry.finish(funds, postings);
  }

  #accountsOf(plan: Id<'planVersion'>, batch: Batch): PlanAccounts | undefined {
    const numbers = this.#context.accountsOf(
      [
        ledgerAccountName.subscriptionRevenue(plan),
        ledgerAccountName.breakage(plan),
        ledgerAccountName.usageRevenue(plan),
        ledgerAccountName.promotionalRevenue(plan),
      ],
      batch,
      this,
    );
    if (numbers === undefined) return undefined;
    const [subscription = 0, breakage = 0, usage = 0, promotional = 0] = numbers;
    return { subscription, breakage, usage, promotional };
  }

  #entry(
    batch: Batch,
    record: AccountRecord,
    program: PlanProgram,
    accounts: PlanAccounts,
  ): ChangeEntry {
    const parts = { batch, record, program, accounts };
    return new ChangeEntry({
      operation: this,
      change: this.#change,
      clockMs: this.#now(),
      ...parts,
    });
  }

  #now(): number {
    return this.#atMs ?? this.#context.clock.nowMs();
  }
}
