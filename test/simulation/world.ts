import { decodeAccount, encodeAccount } from '#plans/account-row.ts';
import { AccountState } from '#plans/account-state.ts';
import type { PlanProgram } from '#plans/compile.ts';
import { DecisionOut, ExtendOut, SettleOut } from '#plans/decision-out.ts';
import type { Scopes } from '#plans/kernel.ts';
import { ScopeState } from '#plans/scope-state.ts';
import { SharedCounters } from '#plans/shared-counters.ts';

/** Everything that one run of the kernel reads and writes. Replay begins with a fresh one. */
export class World {
  account = new AccountState();
  members = new Map<string, ScopeState>();
  keys = new Map<string, ScopeState>();
  shared = new SharedCounters();
  program: PlanProgram;
  readonly decision = new DecisionOut();
  readonly extension = new ExtendOut();
  readonly settlement = new SettleOut();

  constructor(program: PlanProgram) {
    this.program = program;
    this.account.planVersionId = program.planVersionId;
  }

  scopes(memberId: string, keyId: string): Scopes {
    return {
      member: memberId === '' ? undefined : rowOf(this.members, memberId),
      key: keyId === '' ? undefined : rowOf(this.keys, keyId),
      shared: this.shared,
    };
  }

  /** Writes everything to rows and reads it back, as happens between any two requests. */
  throughRows(): void {
    this.account = decodeAccount(encodeAccount(this.account));
    for (const rows of [this.members, this.keys]) {
      for (const [id, row] of rows) rows.set(id, ScopeState.decode(row.version, row.encode()));
    }
  }

  /** Goes on with copies, as live traffic does. */
  throughCopies(): void {
    this.account = this.account.clone();
    this.shared = this.shared.clone();
    for (const rows of [this.members, this.keys]) {
      for (const [id, row] of rows) rows.set(id, row.clone());
    }
  }
}

function rowOf(rows: Map<string, ScopeState>, id: string): ScopeState {
  let row = rows.get(id);
  if (row === undefined) {
    row = new ScopeState();
    rows.set(id, row);
  }
  return row;
}
