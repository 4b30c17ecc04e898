import type { NewApiKey } from '#accounts/api-keys.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { Membership } from './caller.ts';
import type { TableInput } from './console-services.ts';
import type {
  IssuedKey,
  MyKey,
  MyMember,
  MyPlans,
  MyReceipt,
  MyReceiptsPage,
  MySettings,
  MyUsage,
  PlanFitAnswer,
} from './shapes/me.ts';
import type { MyNotice } from './shapes/notices.ts';
import type { PlanChangePreview, PlanRequestRow } from './shapes/plans.ts';

/** What a customer's people see and change of their own. No answer holds what anything cost us. */
export interface MeServices {
  usage(
    member: Membership,
    period: { readonly fromDay?: string | undefined; readonly toDay?: string | undefined },
  ): Promise<MyUsage>;
  receipts(
    member: Membership,
    filter: { readonly day?: string | undefined; readonly model?: string | undefined },
    table: TableInput,
  ): Promise<MyReceiptsPage>;
  /** @throws DomainError `not_found`, `conflict` while the request runs */
  receipt(member: Membership, id: Id<'request'>): Promise<MyReceipt>;
  plans(member: Membership): Promise<MyPlans>;
  /** @throws DomainError `rate_limited` */
  planFit(member: Pick<Membership, 'book' | 'customerId'>): Promise<PlanFitAnswer>;
  planChange(member: Membership, plan: string): Promise<PlanChangePreview>;
  /** @throws DomainError `conflict` where one is open already, `not_found` */
  askForPlan(member: Membership, plan: string): Promise<PlanRequestRow>;
  planRequests(member: Membership): Promise<{ rows: readonly PlanRequestRow[] }>;
  /** What is to change of their plan; also what a member has put out of sight. */
  notices(member: Membership): Promise<{ rows: readonly MyNotice[] }>;
  /** Takes a notice out of this member's sight. @throws DomainError `not_found` */
  dismissNotice(member: Membership, id: Id<'scheduledPlan'>): Promise<void>;
  keys(member: Membership): Promise<{ rows: readonly MyKey[] }>;
  createKey(
    member: Membership,
    key: Omit<NewApiKey, 'book' | 'customerId' | 'memberId'>,
  ): Promise<IssuedKey>;
  /** @throws DomainError `not_found` for what is another customer's, or another member's */
  revokeKey(member: Membership, id: Id<'apiKey'>): Promise<void>;
  members(member: Membership): Promise<{ rows: readonly MyMember[] }>;
  /** @throws DomainError `not_found`, `conflict` where no admin would be left */
  changeMember(
    member: Membership,
    id: Id<'member'>,
    role: 'admin' | 'member' | undefined,
  ): Promise<void>;
  settings(member: Membership, personId: Id<'person'>): Promise<MySettings>;
  changeSettings(
    member: Membership,
    change: {
      readonly customerName?: string | undefined;
      readonly spendingCapNanoUsd?: NanoUsd | null | undefined;
      readonly alertAt?: readonly number[] | undefined;
    },
  ): Promise<void>;
  /**
   * Everything that is kept of the member and, for an admin, of the customer, without the books' costs; the
   * receipts as they are read.
   */
  exportAll(
    member: Membership,
    personId: Id<'person'>,
  ): Promise<{ readonly receipts: AsyncIterable<readonly unknown[]> }>;
}

/** Customers' wishes for another plan, as operators answer them. */
export interface PlanRequestServices {
  list(filter: {
    readonly book: Membership['book'];
    readonly open: boolean;
  }): Promise<{ rows: readonly PlanRequestRow[]; total: number; next: null }>;
  /** @throws DomainError `not_found`, `conflict` where it is answered already */
  answer(id: Id<'planRequest'>, answer: { approve: boolean; by: string }): Promise<PlanRequestRow>;
}
