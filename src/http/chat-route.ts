import type { z } from 'zod';
import type { ChatActor } from '#chat/actor.ts';
import type { Chat } from '#chat/chat.ts';
import type { ChatDesk } from '#chat/chat-desk.ts';
import type { Generator } from '#chat/generator.ts';
import type { Id, IdKind } from '#base/id.ts';

/** The parts of the chat that its routes use. */
export interface ChatServices {
  readonly chat: Chat;
  readonly desk: ChatDesk;
  readonly generator: Generator;
}

/** One call of a chat route; `actor` is there wherever the policy is `member`. */
export interface ChatCall<Input> {
  readonly input: Input;
  readonly actor: ChatActor;
  readonly services: ChatServices;
  readonly request: Request;
  /** @throws DomainError `not_found` where the path's part is no such id */
  readonly id: <Kind extends IdKind>(kind: Kind) => Id<Kind>;
  readonly param: (name: string) => string;
}

/** A route below `/api`; `policy` is not optional. */
export interface ChatRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** `member`: whoever a session or key names, for what is their own. `public`: anybody with the link. */
  readonly policy: 'member' | 'public';
  readonly summary: string;
  readonly input: z.ZodType | undefined;
  /** `raw`: the body is a file, the input comes from the query. */
  readonly body: 'json' | 'raw';
  readonly run: (call: ChatCall<unknown>) => Promise<unknown>;
}

interface ChatRouteSpec<Schema extends z.ZodType> extends Omit<
  ChatRoute,
  'input' | 'run' | 'policy' | 'body'
> {
  readonly policy?: ChatRoute['policy'];
  readonly input?: Schema;
  readonly body?: ChatRoute['body'];
  readonly run: (call: ChatCall<z.infer<Schema>>) => Promise<unknown>;
}

/** Declares a route for members; its handler sees the parsed input with its type. */
export function chatRoute<Schema extends z.ZodType = z.ZodUndefined>(
  spec: ChatRouteSpec<Schema>,
): ChatRoute {
  return {
    policy: 'member',
    body: 'json',
    ...spec,
    input: spec.input,
    run: (call) => spec.run(call as ChatCall<z.infer<Schema>>),
  };
}
