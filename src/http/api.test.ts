import { describe, expect, it } from 'vitest';
import { DomainError } from '#base/domain-error.ts';
import { API_ROUTES, createApi, openApiDocument } from './api.ts';
import type { Caller } from './caller.ts';
import { mayAct, policyText, type Route } from './route.ts';
import type { Services } from './services.ts';

const recorded: string[] = [];

/** Only what these tests call; anything else fails loudly. */
const services = {
  operators: { record: async ({ action }: { action: string }) => void recorded.push(action) },
  customers: {
    list: async (input: object) => [input],
    create: async (input: object) => ({ id: 'cus_1', ...input }),
    grant: async (input: object) => input,
  },
  keys: { revoke: async () => undefined },
  books: { pnl: async () => ({ total: 2n ** 70n }) },
  demo: {
    load: async (_: object, progress: (step: object) => void) => {
      progress({ text: 'half' });
      return { text: 'done' };
    },
  },
} as unknown as Services;

function api(actor: Caller | undefined, booked = async () => undefined as void) {
  return createApi({
    services,
    booked,
    authenticate: async () => {
      if (!actor) throw new DomainError('unauthenticated', 'Who are you?');
      return actor;
    },
    presentError(error) {
      const { code, message, field } =
        error instanceof DomainError ? error : new DomainError('internal', 'Broken.');
      const status = {
        unauthenticated: 401,
        forbidden: 403,
        not_found: 404,
        internal: 500,
      } as Record<string, number>;
      return {
        status: status[code] ?? 400,
        body: { error: { code, message, param: field } },
        headers: {},
      };
    },
  });
}

const owner: Caller = { name: 'Ada', role: 'owner' };
const post = (body: unknown): RequestInit => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

const closed = (of: (route: Route) => boolean): readonly Route[] =>
  API_ROUTES.filter((route) => route.policy.for !== 'public' && of(route));

/** The policies once more, in other words. */
function may({ role, member, personId }: Caller, { policy }: Route): boolean {
  if (policy.for === 'operator') return role !== undefined && mayAct(role, policy.role);
  if (policy.for === 'person') return personId !== undefined;
  return policy.for === 'customer' && (member?.role === 'admin' || member?.role === policy.role);
}

describe("the operator's API", () => {
  it('answers when what was served before is in the books', async () => {
    const story: string[] = [];
    const answer = await api(owner, async () => void story.push('booked')).request(
      '/api/customers',
    );
    expect(answer.status).toBe(200);
    expect(story).toEqual(['booked']);
  });

  it('gives every route a policy, a summary and a place in the OpenAPI document', () => {
    const { paths } = openApiDocument() as {
      paths: Record<string, Record<string, { security: unknown[] }>>;
    };
    for (const route of API_ROUTES) {
      const operators = ['owner', 'operator', 'support'];
      const everyone = ["customer's admin", "customer's member", 'signed in', 'anybody'];
      expect([...operators, ...everyone]).toContain(policyText(route.policy));
      expect(route.summary).toMatch(/\.$/);
      const path = `/api${route.path.replaceAll(/:(\w+)/g, '{$1}')}`;
      const security = paths[path]?.[route.method.toLowerCase()]?.security;
      expect(security?.length === 0).toBe(route.policy.for === 'public');
    }
    const names = API_ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is open to anybody on few routes, and on no other', () => {
    const open = API_ROUTES.filter(({ policy }) => policy.for === 'public');
    expect(open.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      'GET /invites/look',
      'GET /session',
      'GET /shared/:token',
      'POST /password-reset',
      'POST /password-reset/mail',
      'POST /setup',
      'POST /sign-in',
      'POST /sign-in/second-factor',
      'POST /sign-out',
      'POST /sign-up',
    ]);
  });

  it('lets no stranger in, on any other route', async () => {
    for (const { method, path } of closed(() => true)) {
      const response = await api(undefined).request(`/api${path}`, { method });
      expect([method, path, response.status]).toEqual([method, path, 401]);
    }
  });

  it('lets nobody do what needs a higher role, on any route', async () => {
    const people = { customerId: 'cus_1', memberId: 'mem_1', book: 'live' } as unknown;
    const callers: Caller[] = [
      { name: 'Bo', role: 'support' },
      { name: 'Bo', role: 'operator' },
      { name: 'Cy', personId: 'per_1' as never },
      {
        name: 'Cy',
        personId: 'per_1' as never,
        member: { ...(people as object), role: 'member' } as never,
      },
      {
        name: 'Cy',
        personId: 'per_1' as never,
        member: { ...(people as object), role: 'admin' } as never,
      },
    ];
    let tried = 0;
    for (const caller of callers) {
      for (const route of closed((one) => !may(caller, one))) {
        const response = await api(caller).request(`/api${route.path}`, { method: route.method });
        expect([route.path, caller, response.status]).toEqual([route.path, caller, 403]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(100);
    expect(mayAct('support', 'support')).toBe(true);
  });

  it('names the field that is wrong, and changes nothing', async () => {
    recorded.length = 0;
    const cases: [string, unknown, string][] = [
      ['/api/customers', { name: '' }, 'name'],
      ['/api/customers', { name: 'Ada', timeZone: 'Mars/Olympus' }, 'timeZone'],
      ['/api/customers', { name: 'Ada', book: 'real' }, 'book'],
      [
        '/api/customers/cus_01jd00000000000000000000zz/credits',
        { kind: 'bought', amountUsd: '-5', reference: 'x' },
        'amountUsd',
      ],
    ];
    for (const [path, body, field] of cases) {
      const response = await api(owner).request(path, post(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { code: 'invalid_request', param: field },
      });
    }
    const broken = await api(owner).request('/api/customers', post('{'));
    expect(await broken.json()).toMatchObject({ error: { code: 'invalid_json' } });
    expect(recorded).toEqual([]);
  });

  it('writes down every change, and no reading', async () => {
    recorded.length = 0;
    await api(owner).request('/api/customers', post({ name: 'Ada' }));
    await api(owner).request('/api/customers?limit=3');
    expect(recorded).toEqual(['POST /customers']);
  });

  it('answers 404 for what is no id and for what is no route', async () => {
    expect((await api(owner).request('/api/keys/nonsense', { method: 'DELETE' })).status).toBe(404);
    expect((await api(owner).request('/api/nothing')).status).toBe(404);
  });

  it('writes totals past the safe integers as text', async () => {
    const response = await api(owner).request('/api/reports/pnl');
    expect(await response.json()).toEqual({ total: (2n ** 70n).toString() });
  });

  it('streams the progress of long work, then its result', async () => {
    const response = await api(owner).request('/api/demo', post({}));
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([{ progress: { text: 'half' } }, { result: { text: 'done' } }]);
  });
});
