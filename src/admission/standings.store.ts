import type { Pool } from 'pg';
import type { Book } from '#base/book.ts';
import { type Id, uuidOf } from '#base/id.ts';
import { nanoUsd, type NanoUsd } from '#base/money.ts';
import { withStore } from '#db/pool.ts';
import { HOME } from '#plans/compile.ts';
import { decide } from '#plans/decide.ts';
import { DecisionOut, gateStandings } from '#plans/decision-out.ts';
import type { DecisionRequest, GateStanding } from '#plans/decision.ts';
import { ScopeState } from '#plans/scope-state.ts';
import { type AccountColumns, recordOf } from './account-record.ts';
import type { PlanSource } from './plan-source.ts';
import { uuidText } from './uuid-text.ts';

/** How an account stands now, for people. Nothing is decided, held or written. */
export interface Standings {
  readonly planVersionId: Id<'planVersion'>;
  readonly timeZone: string;
  readonly periodStartMs: number;
  readonly periodEndMs: number;
  /** Gates of the customer's own and the member's; the operator's own safety is not among them. */
  readonly gates: readonly GateStanding[];
  /** Classes of the plan that the smallest request would be admitted to. */
  readonly openClasses: readonly string[];
  readonly remainingNanoUsd: NanoUsd;
}

const PROBE = 'req_00000000000000000000000000' as Id<'request'>;

/** @returns `undefined` where the customer has no account. @throws DomainError `store_unavailable` */
export async function readStandings(
  pool: Pool,
  plans: PlanSource,
  who: {
    readonly book: Book;
    readonly customerId: Id<'customer'>;
    readonly memberId: Id<'member'>;
    readonly nowMs: number;
  },
): Promise<Standings | undefined> {
  const { rows } = await withStore(() =>
    pool.query<AccountColumns & { scope_version: number | null; scope_ring: Buffer | null }>(
      `SELECT a.*, s.version AS scope_version, s.ring AS scope_ring FROM account a
         LEFT JOIN account_scope s ON s.book = a.book AND s.customer = a.customer AND s.scope = $3
        WHERE a.book = $1 AND a.customer = $2`,
      [who.book, uuidOf(who.customerId), uuidText(who.memberId)],
    ),
  );
  const [row] = rows;
  if (!row) return undefined;
  const { state } = recordOf(row);
  const planVersionId = state.planVersionId as Id<'planVersion'>;
  await plans.load(planVersionId);
  const program = plans.planOf(planVersionId);
  if (!program) return undefined;
  const member =
    row.scope_ring === null
      ? new ScopeState()
      : ScopeState.decode(row.scope_version ?? 0, row.scope_ring);
  const least = { tokens: 1, costNanoUsd: nanoUsd(1), chargeNanoUsd: nanoUsd(1) };
  const probe = (className: string, out: DecisionOut): void => {
    const request: DecisionRequest = {
      atMs: who.nowMs,
      requestId: PROBE,
      candidates: [{ className, quote: least, available: true }],
      memberId: who.memberId,
    };
    const copy = recordOf(row).state;
    decide(copy, program, request, { member: member.clone() }, out);
  };
  const own = new Set(
    program.gates.filter(({ home }) => home !== HOME.everyone).map(({ name }) => name),
  );
  const standings = new Map<string, GateStanding>();
  const openClasses: string[] = [];
  for (const className of program.classNames) {
    const out = new DecisionOut();
    // A class that is refused reports standings as they are; an admitted one counts itself.
    probe(className, out);
    if (out.verdict !== 'refused') openClasses.push(className);
  }
  const out = new DecisionOut();
  probe('', out);
  for (const standing of gateStandings(program, out))
    if (own.has(standing.gateId)) standings.set(standing.gateId, standing);
  return {
    planVersionId,
    timeZone: state.timeZone,
    periodStartMs: state.periodStartMs,
    periodEndMs: state.periodEndMs,
    gates: [...standings.values()],
    openClasses,
    remainingNanoUsd: nanoUsd(state.availableNanoUsd(state.advance(who.nowMs))),
  };
}
