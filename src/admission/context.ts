import type { Clock } from '#base/clock.ts';
import type { Id } from '#base/id.ts';
import type { LedgerAccounts } from '#ledger/ledger-accounts.store.ts';
import type { PlanProgram } from '#plans/compile.ts';
import type { Pool } from 'pg';
import type { Batch } from './batch.ts';
import type { Operation } from './operation.ts';
import type { PlanSource } from './plan-source.ts';
import type { SharedGates } from './shared-gates.ts';

/** What operations share: plans, numbers of ledger accounts, this process's own number. */
export class AdmissionContext {
  readonly clock: Clock;
  readonly gates: SharedGates;
  readonly #plans: PlanSource;
  readonly #pool: Pool;
  readonly #ledger: LedgerAccounts;
  readonly #process: () => number;
  readonly #loading = new Map<string, Promise<void>>();

  constructor(parts: {
    clock: Clock;
    gates: SharedGates;
    plans: PlanSource;
    pool: Pool;
    ledger: LedgerAccounts;
    process: () => number;
  }) {
    this.clock = parts.clock;
    this.gates = parts.gates;
    this.#plans = parts.plans;
    this.#pool = parts.pool;
    this.#ledger = parts.ledger;
    this.#process = parts.process;
  }

  /** Number of this process's lease: every hold carries it. */
  process(): number {
    return this.#process();
  }

  /** The compiled plan version; `undefined` where the operation now waits until it is loaded. */
  programOf(planVersionId: string, batch: Batch, operation: Operation): PlanProgram | undefined {
    const id = planVersionId as Id<'planVersion'>;
    const program = this.#plans.planOf(id);
    if (program === undefined) batch.postpone(operation, () => this.#loadPlan(id));
    return program;
  }

  /** A whole batch may wait for one plan: it is loaded once. */
  #loadPlan(id: Id<'planVersion'>): Promise<void> {
    const known = this.#loading.get(id);
    if (known !== undefined) return known;
    const loading = this.#plans.load(id).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  /**
   * The numbers of named ledger accounts, in order; `undefined` where the operation now waits until
   * they are learnt.
   */
  accountsOf(
    names: readonly string[],
    batch: Batch,
    operation: Operation,
  ): readonly number[] | undefined {
    const numbers: number[] = [];
    for (const name of names) {
      const number = this.#ledger.known(name);
      if (number === undefined) {
        batch.postpone(operation, () => this.#ledger.learn(this.#pool, names));
        return undefined;
      }
      numbers.push(number);
    }
    return numbers;
  }
}
