import { type Context, Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { DomainError } from '#base/domain-error.ts';
import { jsonWithBigints } from '#base/json.ts';
import { chatRoutes } from './routes/chat.ts';
import { consoleBookRoutes } from './routes/console-books.ts';
import { consoleRoutes } from './routes/console.ts';
import { customerRoutes } from './routes/customers.ts';
import { labImportRoutes } from './routes/lab-imports.ts';
import { labRoutes } from './routes/lab.ts';
import { labScheduleRoutes } from './routes/lab-schedules.ts';
import { localServerRoutes } from './routes/local-servers.ts';
import { mailRoutes } from './routes/mail.ts';
import { meRoutes } from './routes/me.ts';
import { operationRoutes } from './routes/operations.ts';
import { personRoutes } from './routes/person.ts';
import { sessionRoutes } from './routes/session.ts';
import { authorise } from './authorise.ts';
import type { Caller } from './caller.ts';
import { policyText, type Route } from './route.ts';
import type { LongWork, Services } from './services.ts';
import { tableFile } from './table-file.ts';

/** Every route below `/api`. */
export const API_ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...personRoutes,
  ...meRoutes,
  ...mailRoutes,
  ...chatRoutes,
  ...consoleRoutes,
  ...consoleBookRoutes,
  ...customerRoutes,
  ...operationRoutes,
  ...localServerRoutes,
  ...labRoutes,
  ...labImportRoutes,
  ...labScheduleRoutes,
];

export interface ApiDeps {
  readonly services: Services;
  /** Who calls. @throws DomainError `unauthenticated`, `store_unavailable`. */
  readonly authenticate: (headers: Headers) => Promise<Caller>;
  /**
   * Keeps out writes that a page of somebody else's made a browser send. @throws DomainError `forbidden`
   */
  readonly guardWrite?: (request: Request) => void;
  /** Until what this process has answered is in the books: whoever asks about it here sees it. */
  readonly booked?: () => Promise<void>;
  /** Turns an error into status and body. */
  readonly presentError: (error: unknown) => {
    status: number;
    body: unknown;
    headers: Record<string, string>;
  };
}

/** Serves everything below `/api`: one table of routes, each parsed, authorised and recorded the same way. */
export function createApi(deps: ApiDeps): Hono {
  const app = new Hono().basePath('/api');
  app.use(async (context, next) => {
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD')
      deps.guardWrite?.(context.req.raw);
    await deps.booked?.();
    await next();
    // What an answer says of somebody is nobody else's: no cache between keeps it.
    if (!context.res.headers.has('cache-control'))
      context.res.headers.set('cache-control', 'no-store');
    context.res.headers.set('x-content-type-options', 'nosniff');
  });
  app.get('/openapi.json', (context) => context.json(openApiDocument()));
  for (const route of API_ROUTES) {
    app.on(route.method, route.path, (context) => answer(context, route, deps));
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

async function answer(context: Context, route: Route, deps: ApiDeps): Promise<Response> {
  const request = context.req.raw;
  const authorised = authorise(await callerOf(route, request.headers, deps), route.policy);
  const input = await parseInput(route, request);
  const params = context.req.param() as Record<string, string>;
  if (route.method !== 'GET' && route.policy.for === 'operator') {
    await deps.services.operators.record({
      actor: authorised.actor.name,
      action: `${route.method} ${route.path}`,
      subject: Object.values(params).join(' '),
    });
  }
  const call = { ...authorised, input, params, services: deps.services, request };
  if (isCsv(request)) return tableFile(route, call);
  const result = await route.run(call);
  if (result instanceof Response) return result;
  if (route.streams) return streamed(context, result as LongWork, deps);
  return context.body(jsonWithBigints(result ?? { ok: true }), 200, {
    'content-type': 'application/json',
  });
}

async function callerOf(
  route: Route,
  headers: Headers,
  deps: ApiDeps,
): Promise<Caller | undefined> {
  try {
    return await deps.authenticate(headers);
  } catch (error) {
    const isNobody = error instanceof DomainError && error.code === 'unauthenticated';
    if (route.policy.for === 'public' && isNobody) return undefined;
    throw error;
  }
}

function isCsv(request: Request): boolean {
  return request.method === 'GET' && new URL(request.url).searchParams.get('format') === 'csv';
}

/** Progress and result, one JSON document a line. */
function streamed(context: Context, work: LongWork, deps: ApiDeps): Response {
  context.header('content-type', 'application/x-ndjson');
  return stream(context, async (out) => {
    const left = new AbortController();
    out.onAbort(() => left.abort(new DomainError('conflict', 'Whoever asked for this has left.')));
    const line = (value: unknown): Promise<unknown> => out.write(`${jsonWithBigints(value)}\n`);
    try {
      const done = await work((step) => void line({ progress: step }), left.signal);
      await line({ result: done ?? null });
    } catch (error) {
      await line({ error: deps.presentError(error).body });
    }
  });
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
      ...securityOf(route),
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
        200: {
          description: route.streams ? 'Progress, one JSON document a line.' : 'Done.',
          ...(route.output && {
            content: {
              'application/json': {
                schema: z.toJSONSchema(route.output, { io: 'output', unrepresentable: 'any' }),
              },
            },
          }),
        },
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Breakeven API', version: '1' },
    components: {
      securitySchemes: {
        operatorKey: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'header', name: 'cookie' },
      },
    },
    paths,
  };
}

/** An operator's routes take a key or a session, a person's own only a session. */
function securityOf({ policy }: Route): { security: object[] } {
  if (policy.for === 'public') return { security: [] };
  const scope = [policyText(policy)];
  if (policy.for === 'customer' && policy.byKey === true)
    return { security: [{ session: scope }, { apiKey: scope }] };
  if (policy.for !== 'operator') return { security: [{ session: scope }] };
  return { security: [{ operatorKey: scope }, { session: scope }] };
}

function queryParameters(schema: object | undefined): object[] {
  const properties = (schema as { properties?: Record<string, object> })?.properties ?? {};
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    schema: property,
  }));
}
