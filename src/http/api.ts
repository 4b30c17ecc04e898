import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';
import { jsonWithBigints } from '#base/json.ts';
import { customerRoutes } from './routes/customers.ts';
import { operationRoutes } from './routes/operations.ts';
import { labRoutes } from './routes/lab.ts';
import { mayAct, type Actor, type Route } from './route.ts';
import type { LongWork, Services } from './services.ts';

/** Every route below `/api`. */
export const API_ROUTES: readonly Route[] = [...customerRoutes, ...operationRoutes, ...labRoutes];

export interface ApiDeps {
  readonly services: Services;
  /** Who calls. @throws DomainError `unauthenticated`. */
  readonly authenticate: (headers: Headers) => Promise<Actor>;
  /** Turns an error into status and body. */
  readonly presentError: (error: unknown) => {
    status: number;
    body: unknown;
    headers: Record<string, string>;
  };
}

/** The operator's API: one table of routes, each parsed, authorised and recorded the same way. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono().basePath('/api');
  app.get('/openapi.json', (context) => context.json(openApiDocument()));
  for (const route of API_ROUTES) {
    app.on(route.method, route.path, async (context) => {
      const actor = await deps.authenticate(context.req.raw.headers);
      authorise(actor, route);
      const input = await parseInput(route, context.req.raw);
      const params = context.req.param() as Record<string, string>;
      if (route.method !== 'GET') {
        await deps.services.operators.record({
          actor: actor.name,
          action: `${route.method} ${route.path}`,
          subject: Object.values(params).join(' '),
        });
      }
      const result = await route.run({ input, params, services: deps.services, actor });
      if (!route.streams) {
        const body = jsonWithBigints(result ?? { ok: true });
        return context.body(body, 200, { 'content-type': 'application/json' });
      }
      const work = result as LongWork;
      context.header('content-type', 'application/x-ndjson');
      return stream(context, async (out) => {
        const left = new AbortController();
        out.onAbort(() =>
          left.abort(new DomainError('conflict', 'Whoever asked for this has left.')),
        );
        const line = (value: unknown): Promise<unknown> => out.write(`${jsonWithBigints(value)}\n`);
        try {
          const done = await work((step) => void line({ progress: step }), left.signal);
          await line({ result: done ?? null });
        } catch (error) {
          await line({ error: deps.presentError(error).body });
        }
      });
    });
  }
  app.notFound((context) => {
    throw new DomainError(
      'not_found',
      `There is no ${context.req.method} ${context.req.path} here.`,
    );
  });
  app.onError((error, context) => {
    const { status, body, headers } = deps.presentError(error);
    return context.json(body as object, status as ContentfulStatusCode, headers);
  });
  return app;
}

function authorise(actor: Actor, route: Route): void {
  if (mayAct(actor.role, route.role)) return;
  throw new DomainError(
    'forbidden',
    `This needs the role ${route.role}; ${actor.name} has ${actor.role}.`,
  );
}

async function parseInput(route: Route, request: Request): Promise<unknown> {
  if (!route.input) return undefined;
  const raw: unknown =
    route.method === 'GET'
      ? Object.fromEntries(new URL(request.url).searchParams)
      : await readJson(request);
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

async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DomainError('invalid_json', 'The body is not valid JSON.', { cause });
  }
}

/** The OpenAPI 3.1 document of the table. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of API_ROUTES) {
    const path = `/api${route.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    const schema =
      route.input && z.toJSONSchema(route.input, { io: 'input', unrepresentable: 'any' });
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      summary: route.summary,
      security: [{ operatorKey: [route.role] }],
      parameters: [
        ...[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
          name,
          in: 'path',
          required: true,
          schema: { type: 'string' },
        })),
        ...(route.method === 'GET' ? queryParameters(schema) : []),
      ],
      ...(schema &&
        route.method !== 'GET' && { requestBody: { content: { 'application/json': { schema } } } }),
      responses: {
        200: { description: route.streams ? 'Progress, one JSON document a line.' : 'Done.' },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Breakeven operator API', version: '1' },
    components: { securitySchemes: { operatorKey: { type: 'http', scheme: 'bearer' } } },
    paths,
  };
}

function queryParameters(schema: object | undefined): object[] {
  const properties = (schema as { properties?: Record<string, object> })?.properties ?? {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    schema: property,
  }));
}
