import { DomainError } from '#base/domain-error.ts';
import { type Id, uuidOf } from '#base/id.ts';
import { nanoUsd, ZERO_USD } from '#base/money.ts';
import {
  ALLOWANCE_GRANTED,
  CUSTOMER_ALLOWANCE,
  CUSTOMER_BOUGHT,
  CUSTOMER_DEFERRED,
  CUSTOMER_OVERAGE,
  CUSTOMER_PROMOTIONAL,
  ledgerAccountName,
  PAYMENTS_RECEIVED,
  PROMOTIONAL_EXPENSE,
} from '#ledger/ledger-account.ts';
import { AccountState } from '#plans/account-state.ts';
import type { PlanProgram } from '#plans/compile.ts';
import {
  changePlan,
  expireLots,
  type FundsChange,
  grant,
  refund,
  renewPeriod,
  setCustomerCap,
} from '#plans/funding.ts';
import type { AccountChange, AccountRef, ChangeResult } from './account-change.ts';
import { AccountRecord } from './account-record.ts';
import { accrue, priceOfRest } from './accrual.ts';
import type { Batch } from './batch.ts';
import type { AdmissionContext } from './context.ts';
import { decodePayments, takeBack } from './payment-record.ts';
import { PendingOperation } from './pending-operation.ts';
import { signedPosting } from './postings.ts';
import { utcDay } from '#base/utc-day.ts';
import { uuidText } from './uuid-text.ts';
import type { Posting } from './write-set.ts';

type ChangeOf<Kind extends AccountChange['kind']> = Extract<AccountChange, { kind: Kind }>;

/** What the kinds of changes share while they are applied. */
interface Applying {
  readonly batch: Batch;
  readonly record: AccountRecord;
  readonly program: PlanProgram;
  /** Numbers of the plan's ledger accounts. */
  readonly accounts: PlanAccounts;
}

interface PlanAccounts {
  readonly subscription: number;
  readonly breakage: number;
  readonly usage: number;
  readonly promotional: number;
}

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
    super(account.book, uuidText(account.customerId));
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
    const applying = { batch, record, program, accounts };
    switch (change.kind) {
      case 'grant':
        return this.#grant(applying, change);
      case 'refund':
        return this.#refund(applying);
      case 'change_plan':
        return this.#changePlan(applying, change);
      case 'renew':
        return this.#renew(applying, change);
      case 'cap':
        return this.#finish(
          applying,
          setCustomerCap(record.state, change.capNanoUsd, this.#now()),
          [],
        );
      case 'accrue':
        return this.#accrueNow(applying);
      case 'expire':
        return this.#expire(applying);
    }
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
    this.#finish({ batch, record, program, accounts }, funds, priceReceived(priceNanoUsd));
    this.#presence(batch, record, funds.nowMs);
  }

  /** A reference that was used before makes the store refuse it: a payment posted twice is credited once. */
  #grant(applying: Applying, change: ChangeOf<'grant'>): void {
    const { credits, amountNanoUsd, expiresAtMs } = change;
    const funds = grant(applying.record.state, {
      atMs: this.#now(),
      kind: credits,
      amountNanoUsd,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    });
    applying.batch.writes.reference(applying.record, change.reference, funds.seq);
    const source = credits === 'bought' ? PAYMENTS_RECEIVED : PROMOTIONAL_EXPENSE;
    this.#finish(applying, funds, [], { allowance: source, promotional: source, bought: source });
  }

  /** Gives back, last payer first, what paid for an event and was not given back before. */
  #refund(applying: Applying): void {
    const { batch, record, accounts } = applying;
    const event = batch.bookedEvent(this);
    const change = this.#change as ChangeOf<'refund'>;
    if (event === undefined)
      throw new DomainError('not_found', `There is no usage event of ${change.requestId}.`);
    const payments = decodePayments(event.payments);
    const refundable = event.charge - event.refunded;
    const amount = change.amountNanoUsd ?? refundable;
    if (amount <= 0 || amount > refundable) {
      throw new DomainError(
        'invalid_request',
        `Of ${change.requestId}, ${refundable} nano-dollars can be refunded.`,
        {
          field: 'amount',
        },
      );
    }
    // What was given back before came off the end of the same list.
    const { kept } = takeBack(payments, event.refunded);
    const { back } = takeBack(kept, amount);
    const postings: Posting[] = [];
    let revenue = 0;
    let last: FundsChange | undefined;
    for (const { payer, amountNanoUsd, expiresAtMs } of back) {
      const moved = refund(record.state, {
        atMs: this.#now(),
        payer,
        amountNanoUsd: nanoUsd(amountNanoUsd),
        expiresAtMs,
        admittedAtMs: event.admitted_ms,
      });
      // One operation, one number: the parts of one refund share the last one.
      if (last !== undefined) record.state.seq -= 1;
      last = { ...moved, seq: record.state.seq };
      const source =
        payer === 'allowance'
          ? ALLOWANCE_GRANTED
          : payer === 'promotional'
            ? accounts.promotional
            : accounts.usage;
      if (payer === 'bought' || payer === 'overage') revenue += amountNanoUsd;
      postings.push(
        ...movedPostings('refund', moved, {
          allowance: source,
          promotional: source,
          bought: source,
          overage: source,
        }),
      );
      record.overageOwedNanoUsd += moved.overageNanoUsd;
    }
    if (last === undefined) return;
    batch.writes.refunded(this.book, this.customer, {
      id: uuidOf(change.requestId),
      day: event.day,
      amount,
    });
    batch.writes.revenue(
      {
        book: this.book,
        customer: this.customer,
        day: utcDay(last.nowMs),
        planVersion: event.plan_version,
      },
      { subscription: 0, breakage: 0, refunded: revenue },
    );
    this.#write(applying, last, postings, uuidOf(change.requestId));
    this.#answerWith(record, last, amount);
  }

  #changePlan(applying: Applying, change: ChangeOf<'change_plan'>): void {
    const { batch, record, program } = applying;
    const next = this.#context.programOf(change.planVersionId, batch, this);
    if (next === undefined || this.#accountsOf(next.planVersionId, batch) === undefined) return;
    const { terms, state } = record;
    const atMs = state.advance(this.#now());
    const earned = this.#earn(applying, atMs);
    const { startMs, endMs } = state.period;
    const wholeMs = endMs - startMs;
    const unearned = terms.priceNanoUsd - terms.accruedNanoUsd;
    const price = priceOfRest(change.priceNanoUsd, { restMs: endMs - atMs, wholeMs });
    const funds = changePlan(state, program, next, atMs);
    terms.priceNanoUsd = price;
    terms.accruedNanoUsd = 0;
    terms.accrualFromMs = Math.min(atMs, endMs);
    terms.accruedToMs = terms.accrualFromMs;
    this.#finish(applying, funds, [...earned, ...priceReceived(price - unearned)]);
    this.#presence(batch, record, atMs);
  }

  #renew(applying: Applying, { period, priceNanoUsd }: ChangeOf<'renew'>): void {
    const { batch, record, program } = applying;
    const { state, terms } = record;
    if (period.startMs < state.periodEndMs) {
      throw new DomainError('conflict', 'That period has begun already.');
    }
    const atMs = state.advance(this.#now());
    const earned = this.#earn(applying, state.periodEndMs);
    const funds = renewPeriod(state, program, { atMs, ...period });
    terms.priceNanoUsd = priceNanoUsd;
    terms.accruedNanoUsd = 0;
    terms.accrualFromMs = period.startMs;
    terms.accruedToMs = period.startMs;
    this.#finish(applying, funds, [...earned, ...priceReceived(priceNanoUsd)]);
    this.#presence(batch, record, atMs);
  }

  /** Between a period's end and its renewal nothing expires: the renewal carries over first. */
  #expire(applying: Applying): void {
    const { state } = applying.record;
    const nowMs = Math.max(this.#now(), state.lastSeenMs);
    const hasExpired = state.lots.some(
      (lot) => nowMs >= lot.expiresAtMs && lot.amountNanoUsd > lot.heldNanoUsd,
    );
    if (!hasExpired || nowMs >= state.periodEndMs) {
      throw new DomainError('conflict', 'No credits of this account are to be expired now.');
    }
    this.#finish(applying, expireLots(state, nowMs), []);
  }

  #accrueNow(applying: Applying): void {
    const { record } = applying;
    const nowMs = record.state.advance(this.#now());
    const postings = this.#earn(applying, nowMs);
    const funds = { ...UNMOVED, nowMs, seq: record.nextSeq() };
    this.#finish(applying, funds, postings);
  }

  /** Earns the price up to an instant: one posting, and a rollup for each day. */
  #earn({ batch, record, accounts }: Applying, toMs: number): Posting[] {
    const { terms, state } = record;
    const days = accrue(
      {
        priceNanoUsd: terms.priceNanoUsd,
        accruedNanoUsd: terms.accruedNanoUsd,
        fromMs: terms.accrualFromMs,
        endMs: state.periodEndMs,
        accruedToMs: terms.accruedToMs,
      },
      toMs,
    );
    let earned = 0;
    for (const { atMs, amountNanoUsd } of days) {
      earned += amountNanoUsd;
      this.#presence(batch, record, atMs, amountNanoUsd);
    }
    terms.accruedNanoUsd += earned;
    terms.accruedToMs = Math.max(terms.accruedToMs, Math.min(toMs, state.periodEndMs));
    return [
      {
        kind: 'accrual',
        debit: CUSTOMER_DEFERRED,
        credit: accounts.subscription,
        amountNanoUsd: earned,
      },
    ];
  }

  /** A row of the day's revenue, of nothing where nothing was earned: the customer was on the plan. */
  #presence(batch: Batch, record: AccountRecord, atMs: number, subscription = 0): void {
    batch.writes.revenue(
      {
        book: this.book,
        customer: this.customer,
        day: utcDay(atMs),
        planVersion: record.planVersion,
      },
      { subscription, breakage: 0, refunded: 0 },
    );
  }

  #finish(
    applying: Applying,
    funds: FundsChange,
    postings: readonly Posting[],
    sources: Record<'allowance' | 'promotional' | 'bought', number> = DEFAULT_SOURCES,
  ): void {
    const { batch, record, program, accounts } = applying;
    const { breakage } = funds;
    if (breakage.bought > 0) {
      batch.writes.revenue(
        {
          book: this.book,
          customer: this.customer,
          day: utcDay(funds.nowMs),
          planVersion: uuidText(program.planVersionId),
        },
        { subscription: 0, breakage: breakage.bought, refunded: 0 },
      );
    }
    const unbroken = {
      ...funds,
      allowanceNanoUsd: nanoUsd(funds.allowanceNanoUsd + breakage.allowance),
      promotionalNanoUsd: nanoUsd(funds.promotionalNanoUsd + breakage.promotional),
      boughtNanoUsd: nanoUsd(funds.boughtNanoUsd + breakage.bought),
    };
    const kind = this.#change.kind;
    this.#write(applying, funds, [
      ...postings,
      ...movedPostings(kind, unbroken, { ...sources, overage: accounts.usage }),
      {
        kind: 'expiry',
        debit: CUSTOMER_ALLOWANCE,
        credit: ALLOWANCE_GRANTED,
        amountNanoUsd: breakage.allowance,
      },
      {
        kind: 'expiry',
        debit: CUSTOMER_PROMOTIONAL,
        credit: PROMOTIONAL_EXPENSE,
        amountNanoUsd: breakage.promotional,
      },
      {
        kind: 'expiry',
        debit: CUSTOMER_BOUGHT,
        credit: accounts.breakage,
        amountNanoUsd: breakage.bought,
      },
    ]);
    this.#answerWith(record, funds, 0);
  }

  #write(
    applying: Applying,
    funds: FundsChange,
    postings: readonly Posting[],
    event?: string,
  ): void {
    const { batch, record } = applying;
    const { kind } = this.#change;
    batch.touch(this, 'terms');
    batch.writes.transfers(
      record,
      { seq: funds.seq, atMs: funds.nowMs, event: event ?? null },
      postings,
    );
    batch.writes.operation([
      this.book,
      this.customer,
      funds.seq,
      utcDay(funds.nowMs),
      this.#now(),
      funds.nowMs,
      batch.ordinal,
      kind,
      event ?? null,
      record.planVersion,
      JSON.stringify(this.#change),
    ]);
  }

  #answerWith(record: AccountRecord, funds: FundsChange, refunded: number): void {
    this.result = {
      seq: funds.seq,
      atMs: funds.nowMs,
      remainingNanoUsd: nanoUsd(record.state.availableNanoUsd(funds.nowMs)),
      refundedNanoUsd: nanoUsd(refunded),
    };
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

  #now(): number {
    return this.#atMs ?? this.#context.clock.nowMs();
  }
}

const UNMOVED = {
  allowanceNanoUsd: ZERO_USD,
  promotionalNanoUsd: ZERO_USD,
  boughtNanoUsd: ZERO_USD,
  overageNanoUsd: ZERO_USD,
  breakage: { allowance: ZERO_USD, promotional: ZERO_USD, bought: ZERO_USD },
};

/** Where a period's credits come from; what they pay off of a debt comes from there too. */
const DEFAULT_SOURCES = {
  allowance: ALLOWANCE_GRANTED,
  promotional: PROMOTIONAL_EXPENSE,
  bought: ALLOWANCE_GRANTED,
};

/** The price of a period as it is received, or given back where it is negative. */
function priceReceived(priceNanoUsd: number): Posting[] {
  return [
    signedPosting('price', { bucket: CUSTOMER_DEFERRED, source: PAYMENTS_RECEIVED }, priceNanoUsd),
  ];
}

function movedPostings(
  kind: string,
  funds: Pick<
    FundsChange,
    'allowanceNanoUsd' | 'promotionalNanoUsd' | 'boughtNanoUsd' | 'overageNanoUsd'
  >,
  sources: Record<'allowance' | 'promotional' | 'bought' | 'overage', number>,
): Posting[] {
  return [
    signedPosting(
      kind,
      { bucket: CUSTOMER_ALLOWANCE, source: sources.allowance },
      funds.allowanceNanoUsd,
    ),
    signedPosting(
      kind,
      { bucket: CUSTOMER_PROMOTIONAL, source: sources.promotional },
      funds.promotionalNanoUsd,
    ),
    signedPosting(kind, { bucket: CUSTOMER_BOUGHT, source: sources.bought }, funds.boughtNanoUsd),
    // What a customer owes grows the other way round.
    signedPosting(
      kind,
      { bucket: CUSTOMER_OVERAGE, source: sources.overage },
      0 - funds.overageNanoUsd,
    ),
  ];
}
