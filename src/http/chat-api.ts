import type { Context, Hono } from 'hono';
import type { ChatActor } from '#chat/actor.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, type IdKind, parseId } from '#base/id.ts';
import { jsonWithBigints } from '#base/json.ts';
import type { ChatRoute, ChatServices } from './chat-route.ts';
import { chatRoutes } from './routes/chat.ts';

/** Serves the chat's routes. */
export function mountChat(
  app: Hono,
  deps: {
    readonly services: ChatServices;
    /** @throws DomainError `unauthenticated`, `forbidden` */
    readonly identify: (headers: Headers) => Promise<ChatActor>;
  },
): void {
  for (const route of chatRoutes) {
    app.on(route.method, route.path, async (context) => {
      const request = context.req.raw;
      const actor =
        route.policy === 'public' ? NOBODY : await deps.identify(context.req.raw.headers);
      const input = await inputOf(route, request);
      const result = await route.run({
        input,
        actor,
        services: deps.services,
        request,
        id: (kind) => idOf(context, kind),
        param: (name) => context.req.param(name) ?? '',
      });
      if (result instanceof Response) return result;
      return context.body(jsonWithBigints(result ?? { ok: true }), 200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      });
    });
  }
}

/** Routes for everybody take nothing from whoever calls. */
const NOBODY = Object.freeze({}) as ChatActor;

function idOf<Kind extends IdKind>(context: Context, kind: Kind): Id<Kind> {
  const found = parseId(kind, context.req.param('id') ?? '');
  if (!found) throw new DomainError('not_found', `There is no such ${kind}.`, { field: 'id' });
  return found;
}

async function inputOf(route: ChatRoute, request: Request): Promise<unknown> {
  if (!route.input) return undefined;
  const isQuery = route.method === 'GET' || route.body === 'raw';
  const raw: unknown = isQuery
    ? Object.fromEntries(new URL(request.url).searchParams)
    : await json(request);
  const parsed = route.input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  throw new DomainError(
    'invalid_request',
    `${field || 'The body'}: ${issue?.message ?? 'is invalid'}.`,
    { field },
  );
}

async function json(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DomainError('invalid_json', 'The body is not valid JSON.', { cause });
  }
}
