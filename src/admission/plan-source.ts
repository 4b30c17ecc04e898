import type { Id } from '#base/id.ts';
import type { PlanProgram } from '#plans/compile.ts';

/** Where compiled plan versions come from. A version never changes, so what was found once stays. */
export interface PlanSource {
  /** A version that this process has compiled already. */
  planOf(id: Id<'planVersion'>): PlanProgram | undefined;
  /** Makes {@link planOf} find a version. @throws DomainError `not_found`, `store_unavailable` */
  load(id: Id<'planVersion'>): Promise<void>;
}
