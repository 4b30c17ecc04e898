import type { ApiKey } from '#accounts/api-keys.store.ts';
import type { IssuedApiKey, NewApiKey } from '#accounts/api-keys.ts';
import type { Customer, Member, MemberRole } from '#accounts/customers.store.ts';
import type { OperatorKey, OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Book } from '#base/book.ts';
import type { Id } from '#base/id.ts';
import type { NanoUsd } from '#base/money.ts';
import type { FixChoice } from '#lab/fix-scenario.ts';
import type { LabRequest } from '#lab/lab-request.ts';
import type { ImportedBook } from '#lake/import/import-book.ts';

/** Long work: tells its progress, and ends early when whoever asked for it has left. */
export type LongWork = (progress: Progress, signal: AbortSignal) => Promise<unknown>;
import type { ChatServices } from './chat-services.ts';
import type { ConsoleServices } from './console-services.ts';
import type { IdentityServices } from './identity-services.ts';
import type { LocalServers } from './routes/local-servers.ts';
import type { MailServices } from './mail-services.ts';
import type { MeServices, PlanRequestServices } from './me-services.ts';
import type { ScheduleServices } from './schedule-services.ts';

/** Called with each step of long work, for whoever watches. */
export type Progress = (step: Readonly<Record<string, unknown>>) => void;

/**
 * What the operator's API can do. `main.ts` makes it of the rooms; routes and command line know
 * nothing else of the house.
 */
export interface Services {
  /** Conversations of members, and the answers to them. */
  readonly chat: ChatServices;
  readonly customers: {
    create(input: {
      book: Book;
      name: string;
      email?: string;
      plan: string;
      timeZone: string;
    }): Promise<unknown>;
    list(input: {
      book: Book;
      limit: number;
      after?: Id<'customer'>;
    }): Promise<readonly Customer[]>;
    show(book: Book, id: Id<'customer'>): Promise<unknown>;
    changePlan(input: { book: Book; customerId: Id<'customer'>; plan: string }): Promise<unknown>;
    grant(input: {
      book: Book;
      customerId: Id<'customer'>;
      kind: 'promotional' | 'bought';
      amountNanoUsd: NanoUsd;
      expiresAtMs?: number;
      reference: string;
    }): Promise<unknown>;
    addMember(input: {
      book: Book;
      customerId: Id<'customer'>;
      name: string;
      email?: string;
      role: MemberRole;
    }): Promise<Member>;
    members(book: Book, customerId: Id<'customer'>): Promise<readonly Member[]>;
  };
  readonly keys: {
    create(input: NewApiKey): Promise<IssuedApiKey>;
    list(book: Book, customerId: Id<'customer'>): Promise<readonly ApiKey[]>;
    rotate(id: Id<'apiKey'>, graceMs: number): Promise<IssuedApiKey>;
    revoke(id: Id<'apiKey'>): Promise<void>;
  };
  readonly operators: {
    create(input: {
      name: string;
      role: OperatorRole;
    }): Promise<{ key: OperatorKey; secret: string }>;
    list(): Promise<readonly OperatorKey[]>;
    revoke(id: Id<'operatorKey'>): Promise<void>;
    /** The operator that a secret belongs to. */
    find(secret: string): Promise<OperatorKey | undefined>;
    /** Writes down what an operator did, for ever. */
    record(action: { actor: string; action: string; subject: string }): Promise<void>;
  };
  readonly suppliers: {
    setKey(supplier: string, key: string): Promise<void>;
    removeKey(supplier: string): Promise<void>;
    list(): Promise<unknown>;
  };
  readonly localServers: {
    find(): Promise<LocalServers>;
    /** @throws DomainError `not_found`, `conflict` where it has no model that chats */
    connect(port: number, actor: string): Promise<{ models: readonly string[] }>;
  };
  readonly offer: {
    plans(): Promise<unknown>;
    inForce(): Promise<{ readonly document: string | null }>;
    diff(document: string): Promise<unknown>;
    apply(document: string, options: { appliedBy: string; correction: boolean }): Promise<unknown>;
    undo(actor: string): Promise<unknown>;
    pricesDiff(): Promise<unknown>;
    pricesImport(actor: string): Promise<unknown>;
  };
  readonly books: {
    pnl(input: {
      book: Book;
      by: 'plan' | 'customer' | 'model';
      fromMs?: number;
      toMs?: number;
    }): Promise<unknown>;
    why(requestId: Id<'request'>): Promise<unknown>;
    audit(input: { book?: Book }): Promise<unknown>;
    backup(path: string): Promise<unknown>;
  };
  readonly demo: {
    load(
      input: { subscribers: number; days: number; calibration: string; seed: number },
      progress: Progress,
      /** Aborted when whoever asked has left; then what was loaded is taken back. */
      signal: AbortSignal,
    ): Promise<unknown>;
    drop(): Promise<unknown>;
  };
  readonly lab: {
    /**
     * @param signal cancels it; without one it goes on when whoever asked has left
     * @throws the signal's reason, or `conflict`, where it is cancelled
     */
    run(request: LabRequest, progress: Progress, signal?: AbortSignal): Promise<unknown>;
    runs(): Promise<unknown>;
    /** Listens to a run. @throws DomainError `not_found`, else as `run` */
    follow(run: number, progress: Progress, signal: AbortSignal): Promise<unknown>;
    cancel(run: number): Promise<void>;
    results(limit: number): Promise<unknown>;
    result(id: Id<'labResult'>): Promise<unknown>;
    /** One of a result's fixes, as words and as a document. @throws DomainError `not_found` */
    fix(id: Id<'labResult'>, choice: FixChoice): Promise<unknown>;
    /** Replays one of a result's fixes, at its price or another, on everybody. */
    tryFix(
      id: Id<'labResult'>,
      choice: FixChoice,
      progress: Progress,
      signal: AbortSignal,
    ): Promise<unknown>;
    assumptions(): Promise<unknown>;
    imports(): Promise<unknown>;
    dropImport(book: ImportedBook): Promise<unknown>;
  };
  readonly schedules: ScheduleServices;
  readonly health: () => Promise<unknown>;
  readonly console: ConsoleServices;
  readonly identity: IdentityServices;
  readonly me: MeServices;
  readonly planRequests: PlanRequestServices;
  readonly mail: MailServices;
}
