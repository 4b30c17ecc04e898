import type { z } from 'zod';
import type { OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Progress, Services } from './services.ts';

/** Who calls an `/api` route: an operator by key, or whoever may open the control socket. */
export interface Actor {
  readonly name: string;
  readonly role: OperatorRole;
}

export interface RouteCall<Input> {
  readonly input: Input;
  readonly params: Readonly<Record<string, string>>;
  readonly services: Services;
  readonly actor: Actor;
}

/** What the handler of a route that streams returns: the signal ends it when its caller is gone. */
export type StreamedWork = (progress: Progress, signal: AbortSignal) => Promise<unknown>;

/**
 * One `/api` route. The table of routes is the single source of the server's routing, of its
 * authorisation (`role` is not optional) and of the OpenAPI document.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api`, with `:name` parameters. */
  readonly path: string;
  /** The least role that may call it. */
  readonly role: OperatorRole;
  readonly summary: string;
  /** The body of a POST, the query of a GET. */
  readonly input: z.ZodType | undefined;
  /** True where the answer is a stream of progress, one JSON document a line. */
  readonly streams: boolean;
  readonly run: (call: RouteCall<unknown>) => Promise<unknown>;
}

interface RouteSpec<Schema extends z.ZodType> extends Omit<Route, 'input' | 'run' | 'streams'> {
  readonly input?: Schema;
  readonly streams?: boolean;
  readonly run: (call: RouteCall<z.infer<Schema>>) => Promise<unknown>;
}

/** Declares a route; its handler sees the parsed input with its type. */
export function route<Schema extends z.ZodType = z.ZodUndefined>(spec: RouteSpec<Schema>): Route {
  return {
    ...spec,
    input: spec.input,
    streams: spec.streams ?? false,
    run: (call) => spec.run(call as RouteCall<z.infer<Schema>>),
  };
}

const RANK: Readonly<Record<OperatorRole, number>> = { support: 0, operator: 1, owner: 2 };

/** Whether a role may do what needs `least`. */
export function mayAct(role: OperatorRole, least: OperatorRole): boolean {
  return RANK[role] >= RANK[least];
}
