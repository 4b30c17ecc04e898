import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { PlanMoves } from '#offer/scheduled-plan.ts';
import type { Progress } from './services.ts';
import type { ScheduleAnswer, ScheduleRow } from './shapes/notices.ts';

/** What is to be published, of which result of the lab, and when. */
export interface NewSchedule {
  readonly result: Id<'labResult'>;
  /** 1 = the recommendation; 0 = the plan as it is, at another price. */
  readonly fix: number;
  readonly priceNanoUsd?: NanoUsd;
  readonly effectiveAtMs: number;
  readonly moves: PlanMoves;
  readonly noticeDays: number;
  readonly notify: boolean;
  readonly dryRun: boolean;
}

/** Versions of plans that are to be published at a time. */
export interface ScheduleServices {
  /**
   * Replays everybody's use under the change, writes it down with a notice to each, and answers with
   * both. @throws DomainError `not_found`, `invalid_request`, `conflict`
   */
  create(
    schedule: NewSchedule,
    by: string,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<ScheduleAnswer>;
  list(): Promise<{ rows: readonly ScheduleRow[]; total: number; next: null }>;
  /** @param q part of a customer's name. @throws DomainError `not_found` */
  show(id: Id<'scheduledPlan'>, q?: string): Promise<ScheduleAnswer>;
  /** @throws DomainError `not_found`, `conflict` where it waits no more */
  cancel(id: Id<'scheduledPlan'>, by: string): Promise<void>;
}
