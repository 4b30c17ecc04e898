import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type {
  AccountOperationsPage,
  CustomerDetail,
  CustomersPage,
  DecisionsPage,
  NoteRow,
  NotesPage,
  PostingsPage,
  RefundAnswer,
} from './shapes/customers.ts';
import type { EventDetail } from './shapes/events.ts';
import type { ActionsPage, BalanceRow, IncidentsPage } from './shapes/ledger.ts';
import type { Overview } from './shapes/overview.ts';
import type {
  PlanChangePreview,
  PlanDetail,
  PlansAnswer,
  SubscribersPage,
} from './shapes/plans.ts';
import type { Settings } from './shapes/settings.ts';
import type { ClaimRow, ModelsAnswer, PricesPage, SupplierRow } from './shapes/suppliers.ts';
import type { Page } from './shapes/wire.ts';

export interface PeriodInput {
  readonly book: Book;
  /** UTC days, `toDay` exclusive; the trailing 30 days where absent. */
  readonly fromDay?: string;
  readonly toDay?: string;
}

export interface TableInput {
  readonly sort: string;
  /** Each table has its own natural order. */
  readonly order: 'asc' | 'desc' | undefined;
  /** A search over what people read in the table. */
  readonly q: string | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: string | undefined;
}

export interface DecisionFilter {
  readonly verdict?: 'admitted' | 'refused' | undefined;
  readonly gate?: string | undefined;
  readonly model?: string | undefined;
}

type InBook = { readonly book: Book; readonly customerId: Id<'customer'> };

/** What the operator's console reads and changes. Every answer is of one book. */
export interface ConsoleServices {
  overview(period: PeriodInput): Promise<Overview>;
  plans(period: PeriodInput): Promise<PlansAnswer>;
  /** @throws DomainError `not_found` */
  plan(period: PeriodInput, plan: string): Promise<PlanDetail>;
  subscribers(period: PeriodInput, plan: string, table: TableInput): Promise<SubscribersPage>;
  customers(
    period: PeriodInput,
    filter: { readonly plan?: string | undefined },
    table: TableInput,
  ): Promise<CustomersPage>;
  /** @throws DomainError `not_found` */
  customer(period: PeriodInput, id: Id<'customer'>): Promise<CustomerDetail>;
  decisions(
    who: { readonly book: Book; readonly customerId?: Id<'customer'> | undefined },
    period: PeriodInput,
    filter: DecisionFilter & { readonly plan?: string | undefined },
    table: TableInput,
  ): Promise<DecisionsPage>;
  postings(
    who: { readonly book: Book; readonly customerId?: Id<'customer'> | undefined },
    period: PeriodInput,
    filter: { readonly kind?: string | undefined; readonly account?: string | undefined },
    table: TableInput,
  ): Promise<PostingsPage>;
  operations(who: InBook, table: TableInput): Promise<AccountOperationsPage>;
  notes(who: InBook): Promise<NotesPage>;
  addNote(who: InBook, note: { readonly author: string; readonly text: string }): Promise<NoteRow>;
  /** Without `confirm` nothing is booked. @throws DomainError `not_found`, `invalid_request` */
  refund(
    who: InBook,
    refund: {
      readonly requestId: Id<'request'>;
      readonly amountNanoUsd?: NanoUsd;
      readonly confirm: boolean;
    },
  ): Promise<RefundAnswer>;
  planChange(who: InBook, plan: string): Promise<PlanChangePreview>;
  /** @throws DomainError `not_found` */
  event(requestId: Id<'request'>): Promise<EventDetail>;
  models(period: PeriodInput): Promise<ModelsAnswer>;
  suppliers(period: PeriodInput): Promise<Page<SupplierRow>>;
  claims(period: PeriodInput): Promise<Page<ClaimRow>>;
  prices(
    filter: { readonly supplier?: string | undefined; readonly model?: string | undefined },
    table: TableInput,
  ): Promise<PricesPage>;
  incidents(
    book: Book,
    filter: { readonly open?: boolean | undefined },
    table: TableInput,
  ): Promise<IncidentsPage>;
  resolveIncident(id: number): Promise<void>;
  balances(book: Book): Promise<Page<BalanceRow>>;
  actions(table: TableInput): Promise<ActionsPage>;
  settings(): Promise<Settings>;
  changeSettings(
    change: Partial<Pick<Settings, 'registration' | 'newcomerPlan'>>,
  ): Promise<Settings>;
}
