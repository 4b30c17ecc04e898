import type { Pool } from 'pg';
import { decodeAttempts, decodeCandidates, decodeHoldVector } from '#admission/record-bytes.ts';
import type { Id } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { addUsage, NO_USAGE, type Usage } from '#metering/usage.ts';
import { type AccountOperation, accountOperation, NO_EVENT } from './account-operation.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import {
  type CustomerRef,
  type EventSpan,
  type Opening,
  type OwnEventRow,
  type OwnOperationRow,
  type OwnPeriod,
  readOpening,
  readOwnEvents,
  readOwnOperations,
} from './customer-tape.store.ts';
import type { ClassUse } from '#lake/replay-file.ts';
import { OTHER_UNITS, REPLAY_COLUMNS } from '#lake/replay-columns.ts';
import {
  type Column,
  EVIDENCE,
  FALLBACKS,
  NO_GATE,
  NONE,
  OP_ACCOUNT,
  OP_DECIDE,
  OP_LIFECYCLE,
  OP_SETTLE,
  opOf,
  REASONS,
  sharedColumn,
  sharedIntegers,
  type Tape,
  type TapeColumns,
  tapeColumns,
} from './tape.ts';

/** The most that may stand beside one request; see the kernel's. */
const CANDIDATES_MAX = 17;

/** Names in the order in which they were met: their numbers in a tape. */
class Names {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      this.#numbers.set(name, (number = this.list.length));
      this.list.push(name);
    }
    return number;
  }
}

/**
 * One customer's billing period as a tape, straight from the books: no lake needed, and nothing of
 * anybody else in it. The account opens with the period, with the credits that it had then, and with
 * what its rolling windows held.
 * @param read what is read: the requests before the period that its windows still counted, its own, and
 *   how many decisions both have together
 */
export async function customerTape(
  pool: Pool,
  ref: CustomerRef,
  period: OwnPeriod,
  read: {
    readonly before: EventSpan | undefined;
    readonly within: EventSpan;
    readonly events: number;
  },
): Promise<Tape> {
  const { before, within, events } = read;
  const reading = new TapeReading(events, period.afterSeq);
  for (const span of before === undefined ? [within] : [before, within])
    for await (const rows of readOwnEvents(pool, ref, span))
      rows.forEach((row) => reading.add(row));
  const opening = openingOf(period, await readOpening(pool, ref, period));
  return reading.tape(ref, period, {
    before: before === undefined ? [] : openingBefore(period, before.fromMs),
    opening,
    rows: await readOwnOperations(pool, ref, period),
  });
}

/** Credits that no period uses up: $1,000,000. */
const AMPLE = nanoUsd(1_000_000_000_000_000);
const OPENING_CREDITS = 'bought credits at the beginning';

/**
 * The same tape, with the whole period on another plan version. Whoever pays by use buys credits as
 * they need them: on a metered plan the account opens with as many as it takes.
 */
export function onPlan(tape: Tape, { id, billing }: PlanVersion): Tape {
  const operations = tape.operations.map((operation) => {
    if (operation.kind === 'open') return { ...operation, planVersionId: id };
    const isOpening = operation.kind === 'grant' && operation.reference === OPENING_CREDITS;
    return isOpening && billing === 'metered' ? { ...operation, amountNanoUsd: AMPLE } : operation;
  });
  return { ...tape, operations, segments: [{ customer: 0, planVersionId: id }] };
}

/**
 * The account while requests are replayed for nothing but the windows that they fill: in a period of its
 * own, paid by credits that end with it.
 */
function openingBefore(period: OwnPeriod, startMs: number): readonly AccountOperation[] {
  const { fromMs: endMs, timeZone, planVersionId } = period;
  const common = { atMs: startMs, event: NO_EVENT };
  return [
    {
      kind: 'open',
      subscriptionId: 'sub' as Id<'subscription'>,
      planVersionId,
      period: { startMs, endMs, timeZone },
      priceNanoUsd: nanoUsd(0),
      ...common,
    },
    {
      kind: 'grant',
      credits: 'promotional',
      amountNanoUsd: AMPLE,
      expiresAtMs: endMs,
      reference: 'for what came before',
      ...common,
    },
  ];
}

function openingOf(period: OwnPeriod, opening: Opening): readonly AccountOperation[] {
  const { fromMs, endMs, timeZone, planVersionId } = period;
  const common = { atMs: fromMs, event: NO_EVENT };
  const credits = (kind: 'promotional' | 'bought', reference: string): AccountOperation => ({
    kind: 'grant',
    credits: kind,
    amountNanoUsd: nanoUsd(Math.max(0, opening[`${kind}NanoUsd`])),
    reference,
    ...common,
  });
  const { capNanoUsd } = opening;
  return [
    {
      kind: 'open',
      subscriptionId: 'sub' as Id<'subscription'>,
      planVersionId,
      period: { startMs: fromMs, endMs, timeZone },
      priceNanoUsd: nanoUsd(period.priceNanoUsd),
      ...common,
    },
    credits('promotional', 'promotional credits at the beginning'),
    credits('bought', OPENING_CREDITS),
    ...(capNanoUsd === undefined
      ? []
      : [{ kind: 'cap' as const, capNanoUsd: nanoUsd(capNanoUsd), ...common }]),
  ];
}

class TapeReading {
  readonly #columns: TapeColumns;
  readonly #classes = new Names();
  readonly #models = new Names();
  readonly #gates = new Names();
  readonly #members = new Names();
  readonly #keys = new Names();
  readonly #eventOf = new Map<string, number>();
  /** Operation codes with their place in the account's sequence. */
  readonly #ops: { readonly seq: number; readonly op: number }[] = [];
  readonly #max: number;
  /** Where the period begins in the account's sequence. */
  readonly #beginSeq: number;
  #events = 0;

  constructor(events: number, beginSeq: number) {
    this.#max = events;
    this.#beginSeq = beginSeq;
    this.#columns = blankColumns(events);
    // 0 stands for none.
    this.#members.numberOf('');
    this.#keys.numberOf('');
  }

  add(row: OwnEventRow): void {
    // What came in since it was counted is for another day.
    if (this.#events === this.#max) return;
    const i = this.#events++;
    const { event } = this.#columns;
    this.#eventOf.set(row.request, i);
    event.seq[i] = row.seq;
    event.endSeq[i] = row.settle_seq ?? 0;
    event.atMs[i] = row.at_ms;
    event.classAsked[i] = this.#classes.numberOf(row.class_asked);
    event.classServed[i] =
      row.class_served === null ? NONE : this.#classes.numberOf(row.class_served);
    event.inputBound[i] = row.input_tokens;
    event.member[i] = this.#members.numberOf(row.member ?? '');
    event.key[i] = this.#keys.numberOf(row.api_key ?? '');
    event.keyCap[i] = row.key_cap ?? -1;
    event.reason[i] = Math.max(
      0,
      REASONS.findIndex((reason) => reason === row.reason),
    );
    event.fallback[i] = Math.max(
      0,
      FALLBACKS.findIndex((each) => each === row.fallback),
    );
    event.slow[i] = row.slow ? 1 : 0;
    event.gate[i] = row.gate === null ? NO_GATE : this.#gates.numberOf(row.gate);
    const hold = decodeHoldVector(row.hold);
    event.held[i] = hold.payments.reduce((sum, { amountNanoUsd }) => sum + amountNanoUsd, 0);
    event.counted[i] = hold.gates.reduce<number>(
      (mask, amount, gate) => (amount === undefined || gate > 31 ? mask : mask + 2 ** gate),
      0,
    );
    this.#addCandidates(i, row.candidates);
    this.#addUse(i, row);
    // What began before the period ends before it, so that the account opens without holds.
    const outlives =
      row.seq < this.#beginSeq && (row.settle_seq === null || row.settle_seq > this.#beginSeq);
    const isFused = row.class_served === null || row.settle_seq === row.seq + 1 || outlives;
    this.#ops.push({ seq: row.seq, op: opOf(isFused ? OP_LIFECYCLE : OP_DECIDE, i) });
    if (!isFused && row.settle_seq !== null)
      this.#ops.push({ seq: row.settle_seq, op: opOf(OP_SETTLE, i) });
  }

  #addCandidates(i: number, bytes: Buffer): void {
    const { event, candidate } = this.#columns;
    const all = decodeCandidates(bytes).slice(0, CANDIDATES_MAX);
    event.candidates[i] = all.length;
    for (const [n, each] of all.entries()) {
      const columns = candidate[n];
      if (columns === undefined) continue;
      columns.className[i] = this.#classes.numberOf(each.className);
      columns.available[i] = each.available ? 1 : 0;
      columns.tokens[i] = each.quote.tokens;
      columns.cost[i] = each.quote.costNanoUsd;
      columns.charge[i] = each.quote.chargeNanoUsd;
    }
  }

  #addUse(i: number, row: OwnEventRow): void {
    const { event } = this.#columns;
    const attempts = row.attempts === null ? [] : decodeAttempts(row.attempts);
    const usage = attempts.reduce((sum, attempt) => addUsage(sum, attempt.usage), NO_USAGE);
    event.settledMs[i] = row.settled_ms ?? 0;
    event.model[i] = row.model === null ? 0 : this.#models.numberOf(row.model);
    event.input[i] = usage.input;
    event.inputCached[i] = usage.input_cached;
    event.output[i] = usage.output;
    event.reasoning[i] = usage.reasoning;
    event.tokens[i] = row.tokens ?? 0;
    event.cost[i] = row.cost ?? 0;
    event.tariff[i] = row.tariff ?? 0;
    event.charge[i] = row.charge ?? 0;
    event.paidAllowance[i] = row.paid_allowance ?? 0;
    event.paidPromotional[i] = row.paid_promotional ?? 0;
    event.paidBought[i] = row.paid_bought ?? 0;
    event.paidOverage[i] = row.paid_overage ?? 0;
    event.overrun[i] = row.overrun ?? 0;
    event.evidence[i] = evidenceOf(row, attempts.length, usage);
  }

  tape(
    { book, customer }: CustomerRef,
    { fromMs, endMs, planVersionId }: OwnPeriod,
    account: {
      readonly before: readonly AccountOperation[];
      readonly opening: readonly AccountOperation[];
      readonly rows: readonly OwnOperationRow[];
    },
  ): Tape {
    const { before, opening, rows } = account;
    const operations = [...before, ...opening];
    const first = before.map((_, index) => opOf(OP_ACCOUNT, index));
    for (const index of opening.keys())
      this.#ops.push({ seq: this.#beginSeq, op: opOf(OP_ACCOUNT, before.length + index) });
    for (const row of rows) {
      const about = row.request === null ? undefined : this.#eventOf.get(row.request);
      const event = about ?? NO_EVENT;
      this.#ops.push({ seq: row.seq, op: opOf(OP_ACCOUNT, operations.length) });
      operations.push(
        accountOperation({ kind: row.kind, atMs: row.at_ms, event, facts: row.facts }),
      );
    }
    this.#ops.sort((a, b) => a.seq - b.seq);
    const ops = [...first, ...this.#ops.map(({ op }) => op)];
    return {
      book,
      fromDay: new Date(fromMs).toISOString().slice(0, 10),
      toDay: new Date(endMs).toISOString().slice(0, 10),
      events: this.#events,
      customers: [customer],
      opStarts: sharedIntegers([0, ops.length]),
      ops: sharedIntegers(ops),
      operations,
      segments: [{ customer: 0, planVersionId }],
      segmentStarts: sharedIntegers([0, 1]),
      classNames: this.#classes.list,
      models: this.#models.list,
      gates: this.#gates.list,
      uses: this.#uses(),
      columns: this.#columns,
    };
  }

  /** What the completely measured requests used together: all that is known of anybody's here. */
  #uses(): readonly ClassUse[] {
    const { event } = this.#columns;
    const uses = new Map<string, { -readonly [Key in keyof ClassUse]: ClassUse[Key] }>();
    for (let i = 0; i < this.#events; i++) {
      if (event.evidence[i] !== EVIDENCE.complete) continue;
      const className = this.#classes.list[event.classServed[i] ?? NONE] ?? '';
      const model = this.#models.list[event.model[i] ?? 0] ?? '';
      const asAsked = event.classServed[i] === event.classAsked[i];
      const name = `${className} ${model} ${asAsked}`;
      let use = uses.get(name);
      if (use === undefined) {
        const none = { events: 0, bound: 0, input: 0, inputCached: 0, output: 0, reasoning: 0 };
        uses.set(name, (use = { className, asAsked, model, ...none }));
      }
      use.events += 1;
      use.bound += event.inputBound[i] ?? 0;
      use.input += event.input[i] ?? 0;
      use.inputCached += event.inputCached[i] ?? 0;
      use.output += event.output[i] ?? 0;
      use.reasoning += event.reasoning[i] ?? 0;
    }
    return [...uses.values()];
  }
}

/** Columns for so many events, each with as many candidates as the kernel takes. */
function blankColumns(events: number): TapeColumns {
  const named: Record<string, Column> = {};
  for (const { name, width } of REPLAY_COLUMNS) {
    const place = /\d$/.exec(name);
    if (place === null) named[name] = sharedColumn(width, events);
    else if (place[0] === '0')
      for (let n = 0; n < CANDIDATES_MAX; n++)
        named[`${name.slice(0, -1)}${n}`] = sharedColumn(width, events);
  }
  return tapeColumns(named, CANDIDATES_MAX);
}

/** As the lake's replay files have it: see `replay-columns.ts`. */
function evidenceOf(row: OwnEventRow, attempts: number, usage: Usage): number {
  if (row.class_served === null) return EVIDENCE.refused;
  if (row.outcome === null) return EVIDENCE.pending;
  if (row.outcome === 'voided') return EVIDENCE.voided;
  if (row.superseded === true) return EVIDENCE.superseded;
  if (attempts !== 1) return EVIDENCE.partial;
  if (row.estimated === true) return EVIDENCE.estimated;
  return OTHER_UNITS.some((unit) => usage[unit] > 0) ? EVIDENCE.otherUnits : EVIDENCE.complete;
}
