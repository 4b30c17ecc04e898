import type { z } from 'zod';
import { unreachable } from '#base/assert.ts';
import type { MemberRole } from '#accounts/customers.store.ts';
import type { OperatorRole } from '#accounts/operator-keys.store.ts';
import type { Id } from '#base/id.ts';
import type { Caller, Membership } from './caller.ts';
import type { Services } from './services.ts';

/** An operator who calls a route that needs one. */
export interface Actor {
  readonly name: string;
  readonly role: OperatorRole;
}

/** Who may call a route. Every route states one; the table has no default. */
export type Policy =
  /** Operators of at least this role. */
  | { readonly for: 'operator'; readonly role: OperatorRole }
  /** People of a customer, for what is that customer's own. */
  | {
      readonly for: 'customer';
      readonly role: MemberRole;
      /** Whether an API key that was made for a member may call it too. */
      readonly byKey?: boolean;
    }
  /** Whoever is signed in, for what is their own. */
  | { readonly for: 'person' }
  /** Anybody; limited by rate where it could be abused. */
  | { readonly for: 'public' };

export interface RouteCall<Input> {
  readonly input: Input;
  readonly params: Readonly<Record<string, string>>;
  readonly services: Services;
  /** Of a route for operators. */
  readonly actor: Actor;
  /** Of a route for customers. */
  readonly member: Membership;
  /** Of a route for customers' people and for persons. */
  readonly personId: Id<'person'>;
  /** `undefined` only where anybody may call. */
  readonly caller: Caller | undefined;
  readonly request: Request;
}

/**
 * One `/api` route. The table of routes is the single source of the server's routing, of its
 * authorisation and of the OpenAPI document.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api`, with `:name` parameters. */
  readonly path: string;
  readonly policy: Policy;
  readonly summary: string;
  /** The body of a POST, the query of a GET. */
  readonly input: z.ZodType | undefined;
  /** The shape of the answer, where the web application reads it. */
  readonly output: z.ZodType | undefined;
  /** True where the answer is a stream of progress, one JSON document a line. */
  readonly streams: boolean;
  /** A `Response` is passed on as it is. */
  readonly run: (call: RouteCall<unknown>) => Promise<unknown>;
}

interface Spec<Schema extends z.ZodType, Call> {
  readonly method: Route['method'];
  readonly path: string;
  readonly summary: string;
  readonly input?: Schema;
  readonly output?: z.ZodType;
  readonly streams?: boolean;
  readonly run: (call: Call) => Promise<unknown>;
}
type Common = 'input' | 'params' | 'services' | 'caller' | 'request';

/** Declares a route for operators; its handler sees the parsed input with its type. */
export function route<Schema extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Schema, Pick<RouteCall<z.infer<Schema>>, Common | 'actor'>> & {
    /** The least role that may call it. */
    readonly role: OperatorRole;
  },
): Route {
  return routeOf(spec, { for: 'operator', role: spec.role });
}

/** Declares a route for a customer's own people. */
export function customerRoute<Schema extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Schema, Pick<RouteCall<z.infer<Schema>>, Common | 'member' | 'personId'>> & {
    /** The least role among the customer's members. */
    readonly least: MemberRole;
  },
): Route {
  return routeOf(spec, { for: 'customer', role: spec.least });
}

/** Declares a route for a customer's people and for the programs of members; what it does is a member's own. */
export function memberRoute<Schema extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Schema, Pick<RouteCall<z.infer<Schema>>, Common | 'member'>>,
): Route {
  return routeOf(spec, { for: 'customer', role: 'member', byKey: true });
}

/** Declares a route for whoever is signed in. */
export function personRoute<Schema extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Schema, Pick<RouteCall<z.infer<Schema>>, Common | 'personId'>>,
): Route {
  return routeOf(spec, { for: 'person' });
}

/** Declares a route for anybody. */
export function publicRoute<Schema extends z.ZodType = z.ZodUndefined>(
  spec: Spec<Schema, Pick<RouteCall<z.infer<Schema>>, Common>>,
): Route {
  return routeOf(spec, { for: 'public' });
}

function routeOf<Schema extends z.ZodType>(
  spec: Spec<Schema, RouteCall<z.infer<Schema>>>,
  policy: Policy,
): Route {
  const { method, path, summary, input, output, streams = false } = spec;
  return {
    method,
    path,
    summary,
    policy,
    input,
    output,
    streams,
    run: (call) => spec.run(call as RouteCall<z.infer<Schema>>),
  };
}

const RANK: Readonly<Record<OperatorRole, number>> = { support: 0, operator: 1, owner: 2 };

/** Whether a role may do what needs `least`. */
export function mayAct(role: OperatorRole, least: OperatorRole): boolean {
  return RANK[role] >= RANK[least];
}

/** A policy in words, as the documents print it. */
export function policyText(policy: Policy): string {
  switch (policy.for) {
    case 'operator':
      return policy.role;
    case 'customer':
      return policy.role === 'admin' ? "customer's admin" : "customer's member";
    case 'person':
      return 'signed in';
    case 'public':
      return 'anybody';
    default:
      return unreachable(policy);
  }
}
