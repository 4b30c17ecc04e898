import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '#base/id.ts';
import { withClient } from '#db/database-address.ts';
import { addCustomer, type TestCustomer } from './customer.ts';
import { figures } from './figures.ts';
import { type House, house } from './house.ts';
import { Installation } from './installation.ts';
import { NO_DISAGREEMENTS, openRequests, reconcile } from './reconcile.ts';

/** Clients that race for one budget, over HTTP, against one process and against three on one database. */

const MASTER_KEY = 'ab'.repeat(32);
let home: House;
let gateways: readonly Installation[] = [];
const agent = new Agent({ connections: null, pipelining: 1 });

beforeAll(async () => {
  home = await house({ environment: { BREAKEVEN_MASTER_KEY: MASTER_KEY } });
  const { installation, directory } = home;
  const more = await Promise.all(
    ['second', 'third'].map((name) =>
      Installation.start({
        dataDir: join(directory, name),
        environment: {
          DATABASE_URL: installation.databaseUrl,
          BREAKEVEN_MASTER_KEY: MASTER_KEY,
        },
      }),
    ),
  );
  gateways = [installation, ...more];
});
afterAll(async () => {
  await agent.destroy();
  await Promise.all(gateways.slice(1).map((gateway) => gateway.stop()));
  await home[Symbol.asyncDispose]();
});

interface Ask {
  readonly model: string;
  readonly maxTokens?: number;
  readonly outputTokens?: number;
}

async function ask(gateway: Installation, { key }: TestCustomer, what: Ask): Promise<number> {
  const { statusCode, body } = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: what.model,
      max_tokens: what.maxTokens ?? 10,
      messages: [{ role: 'user', content: 'Hello' }],
      ...(what.outputTokens !== undefined && {
        metadata: { sim_output_tokens: String(what.outputTokens) },
      }),
    }),
  });
  await body.dump();
  return statusCode;
}

/** What the customer was charged, and whether anything passed its hold. */
async function spentBy(customer: TestCustomer): Promise<{ chargeUsd: number; left: number }> {
  const url = home.installation.databaseUrl;
  return withClient({ url }, 'breakeven tests', async (client) => {
    const { rows } = await client.query<{ charge: number; least: number }>(
      `SELECT (SELECT coalesce(sum(e.charge), 0)::float8 FROM usage_event e WHERE e.book = 'live' AND e.customer = a.customer) AS charge,
              bought::float8 AS least FROM account a WHERE a.book = 'live' AND a.customer = $1`,
      [uuidOf(customer.id)],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the customer has no account');
    return { chargeUsd: row.charge / 1e9, left: row.least / 1e9 };
  });
}

describe.each([1, 3])('%i process(es)', (processes) => {
  const at = (index: number): Installation => {
    const gateway = gateways[index % processes];
    if (gateway === undefined) throw new Error('not started');
    return gateway;
  };

  test.each([
    { requests: 1_000, model: 'ten-cents', budget: '5', admitted: 50 },
    { requests: 20, model: 'seventy-five-cents', budget: '5', admitted: 6 },
    { requests: 5, model: 'five-dollars', budget: '6', admitted: 1 },
  ])(
    'of $requests at once at $model on a budget of $budget dollars exactly $admitted are admitted',
    { timeout: 60_000 },
    async ({ requests, model, budget, admitted }) => {
      const customer = await addCustomer(home.installation, budget);
      const statuses = await Promise.all(
        Array.from({ length: requests }, (_, index) => ask(at(index), customer, { model })),
      );
      const served = statuses.filter((status) => status === 200).length;
      figures('vector', { processes, requests, model, budget, admitted: served });
      expect(served).toBe(admitted);
      expect(statuses.filter((status) => status === 402)).toHaveLength(requests - admitted);
      const { left } = await spentBy(customer);
      expect(left).toBeGreaterThanOrEqual(0);
    },
  );

  test(
    'a budget of which each hold takes five times what is used gets spent, and never more',
    { timeout: 60_000 },
    async () => {
      const customer = await addCustomer(home.installation, '5');
      // Each holds about $0.10 and uses $0.02.
      const what = { model: 'talker', maxTokens: 10_000, outputTokens: 2_000 };
      const clients = Array.from({ length: 60 }, async (_, index) => {
        for (let refusals = 0; refusals < 4;) {
          const status = await ask(at(index), customer, what);
          expect([200, 402]).toContain(status);
          refusals = status === 200 ? 0 : refusals + 1;
        }
      });
      await Promise.all(clients);
      const { chargeUsd, left } = await spentBy(customer);
      figures('held five times', { processes, budgetUsd: 5, chargeUsd, left });
      expect(chargeUsd).toBeGreaterThanOrEqual(4.75);
      expect(chargeUsd).toBeLessThanOrEqual(5);
      expect(left).toBeGreaterThanOrEqual(0);
    },
  );
});

test('what the supplier served is what was booked, and the books are whole', async () => {
  const { installation, upstream } = home;
  expect(await openRequests(installation.databaseUrl)).toBe(0);
  const story = await reconcile(installation.databaseUrl, upstream.served());
  expect(story).toMatchObject({
    disagreements: NO_DISAGREEMENTS,
    booked: story.served,
    estimated: 0,
    voided: 0,
  });
  const { code, stdout } = await installation.command('audit');
  expect(stdout).not.toBe('');
  expect(code).toBe(0);
});
