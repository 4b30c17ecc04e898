import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import type { AdmissionService } from '#admission/admission-service.ts';
import { heldRequests } from '#admission/held-requests.ts';
import { newId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { pnl } from '#economics/pnl.ts';
import { audit } from '#ledger/audit.ts';
import { billingPeriod } from '#plans/calendar.ts';
import type { PlanBook } from '#wiring/plan-book.ts';
import { demoDay, type DemoOptions, demoSubscribers } from './demo-population.ts';
import { type DemoDeps, type DemoProgress, dropDemo, loadDemo } from './demo.ts';
import { demoRows, demoWorld as world, NOW_MS } from '#wiring/testing-demo.ts';

const DAY_MS = 86_400_000;
/** Of the starter price book, in nano-dollars a token. */
const RATES = {
  fast: { input: 150, cached: 75, output: 600 },
  standard: { input: 2_500, cached: 250, output: 10_000 },
  reasoning: { input: 10_000, cached: 1_000, output: 40_000 },
};
const SMALL = { subscribers: 60, days: 3, calibration: 'typical', seed: 3 } as const;

/** A customer of the live book with a grant and a request in flight. */
async function liveCustomer(
  { deps, plans }: { deps: DemoDeps; plans: PlanBook },
  admission: AdmissionService,
): Promise<void> {
  const { clock, random, pool } = deps;
  const customerId = newId('customer', clock, random);
  const subscriptionId = newId('subscription', clock, random);
  const plan = plans.current().find((each) => each.plan === 'payg');
  if (!plan) throw new Error('the starter offer has no payg');
  await pool.query(`INSERT INTO customer (book, id, name) VALUES ('live', gen_random_uuid(), 'A')`);
  const account = { book: 'live', customerId } as const;
  await admission.change(account, {
    kind: 'open',
    subscriptionId,
    planVersionId: plan.id,
    period: { ...billingPeriod(NOW_MS, NOW_MS, 'UTC'), timeZone: 'UTC' },
    priceNanoUsd: plan.priceNanoUsd,
  });
  const granted = { credits: 'bought', amountNanoUsd: nanoUsd(5e9), reference: 'a' } as const;
  await admission.change(account, { kind: 'grant', ...granted });
  await admission.admit(
    { ...account, subscriptionId, planVersionId: plan.id },
    {
      atMs: NOW_MS,
      requestId: newId('request', clock, random),
      candidates: [
        {
          className: 'fast',
          available: true,
          quote: { tokens: 10, costNanoUsd: nanoUsd(1e6), chargeNanoUsd: nanoUsd(2e6) },
        },
      ],
    },
    {
      modelAsked: 'sim-fast',
      surface: 'chat',
      streamed: false,
      inputTokensEstimate: 5,
      priceVersionIds: [],
    },
  );
}

/** A fingerprint of every row of every table that is not of the demo book. */
async function otherRows(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ name: string; books: boolean }>(
    `SELECT c.relname AS name, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'book') AS books
       FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname NOT IN ('process_lease')`,
  );
  const found: Record<string, string> = {};
  for (const { name, books } of rows) {
    const { rows: sums } = await pool.query<{ sum: string }>(
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS sum
         FROM "${name}" t ${books ? `WHERE book <> 'demo'` : ''}`,
    );
    found[name] = sums[0]?.sum ?? '';
  }
  return found;
}

const proof = (pool: Pool) => audit(pool, { readHolds: heldRequests });
const ignore = (): void => undefined;
const period = { fromDay: '2026-01-01', toDay: '2026-11-25' } as const;

describe('the demo', () => {
  it('books what its population uses, to the nano-dollar, and Pro loses by its heavy users', async () => {
    const { deps, pool } = await world();
    const steps: DemoProgress[] = [];
    const result = await loadDemo(deps, SMALL, (step) => steps.push(step));
    expect(result.subscribers).toBe(60);
    expect(result.text).toContain('breakeven report pnl --book demo');
    expect((await proof(pool)).ok).toBe(true);

    const demo: DemoOptions = { ...SMALL, endMs: Date.UTC(2026, 10, 25) };
    const days = [0, 1, 2];
    const subscribers = demoSubscribers(demo);
    const sent = subscribers
      .flatMap((subscriber) => days.flatMap((day) => demoDay(subscriber, day, demo)))
      .filter(({ atMs }) => atMs < NOW_MS);
    expect(result.requests).toBe(sent.length);
    const { rows } = await pool.query<{ decided: number; used: number; last: number }>(
      `SELECT (SELECT count(*) FROM decision) AS decided, (SELECT count(*) FROM usage_event) AS used, (SELECT max(at_ms) FROM decision) AS last`,
    );
    expect(rows[0]?.decided).toBe(result.requests);
    expect(rows[0]?.used).toBe(result.requests - result.refused);
    expect(rows[0]?.last).toBe(Math.max(...sent.map(({ atMs }) => atMs)));
    // Each at its own instant: none was overtaken by a later one of its account.
    const { rows: late } = await pool.query(
      'SELECT at_ms - clock_ms AS late FROM decision WHERE at_ms <> clock_ms',
    );
    expect(late).toEqual([]);

    const report = await pnl(pool, { book: 'demo', by: 'plan', ...period });
    const pro = report.rows.find(({ label }) => label.startsWith('pro'));
    // Nothing stands in the way of a Pro subscriber, so the books must hold all that they sent.
    const proSent = subscribers
      .filter(({ plan }) => plan === 'pro')
      .flatMap((subscriber) => days.flatMap((day) => demoDay(subscriber, day, demo)))
      .filter(({ atMs }) => atMs < NOW_MS);
    const cost = proSent.reduce((sum, event) => {
      const rate = RATES[event.className];
      const uncached = event.inputTokens - event.cachedTokens;
      const output = event.outputTokens + event.reasoningTokens;
      return sum + uncached * rate.input + event.cachedTokens * rate.cached + output * rate.output;
    }, 0);
    expect(pro).toMatchObject({ subscribers: 5, requests: proSent.length, cost: BigInt(cost) });
    expect(pro?.margin).toBeLessThan(0n);
    expect(pro?.losses.topTenPercentShare).toBeGreaterThan(0.5);
  });

  it('drops its own rows and nothing else, and refuses to be loaded twice', async () => {
    const { deps, pool, admission, plans } = await world();
    await liveCustomer({ deps, plans }, admission);
    // Names of ledger accounts are shared by all books; they stay.
    await loadDemo(deps, { ...SMALL, subscribers: 20, days: 1 }, ignore);
    const before = await otherRows(pool);
    expect(before['decision']).toMatch(/^1 /);
    await expect(loadDemo(deps, SMALL, ignore)).rejects.toMatchObject({ code: 'conflict' });
    expect(await demoRows(pool)).toBeGreaterThan(60);
    const { rows, text } = await dropDemo(pool);
    expect(rows).toBeGreaterThan(60);
    expect(text).toContain('Dropped the demo');
    expect(await demoRows(pool)).toBe(0);
    expect(await otherRows(pool)).toEqual(before);
    expect((await proof(pool)).ok).toBe(true);
    expect((await dropDemo(pool)).text).toBe('There was no demo to drop.');
    await loadDemo(deps, { ...SMALL, subscribers: 20, days: 1 }, ignore);
    expect((await proof(pool)).ok).toBe(true);
  });

  it('renews periods on their day, earns every price and leaves nothing due', async () => {
    const { deps, pool } = await world();
    const options = { subscribers: 20, days: 65, calibration: 'light', seed: 5 } as const;
    await loadDemo(deps, options, ignore);
    expect((await proof(pool)).ok).toBe(true);
    const { rows: due } = await pool.query(
      `SELECT FROM subscription s JOIN account a ON a.book = s.book AND a.customer = s.customer_id
        WHERE s.period_end <= $1 OR a.period_end_ms <> extract(epoch FROM s.period_end) * 1000`,
      [new Date(NOW_MS)],
    );
    expect(due).toEqual([]);
    const { rows: renewals } = await pool.query<{ day: string; count: number }>(
      `SELECT day, count(*) FROM account_operation WHERE kind = 'renew' GROUP BY day ORDER BY day`,
    );
    // The demo began on 21 September.
    expect(renewals).toEqual([
      { day: '2026-10-21', count: 20 },
      { day: '2026-11-21', count: 20 },
    ]);
    const report = await pnl(pool, { book: 'demo', by: 'plan', ...period });
    const plus = report.rows.find(({ label }) => label.startsWith('plus'));
    // Two whole months and 3 days and 10.5 hours of the third (30 days), of six subscribers at $20.
    const earned = 6 * 20e9 * (2 + (3 * DAY_MS + 10.5 * 3_600_000) / (30 * DAY_MS));
    expect(Math.abs(Number(plus?.subscription) - earned)).toBeLessThan(10);
  });

  it('takes back what it loaded when it is aborted', async () => {
    const { deps, pool } = await world();
    const stop = new AbortController();
    let now = NOW_MS;
    // Half a second at each look, so that progress is told soon.
    const impatient = { ...deps, clock: { nowMs: () => (now += 500) } };
    const steps: DemoProgress[] = [];
    const load = loadDemo(
      impatient,
      SMALL,
      (step) => {
        steps.push(step);
        if (steps.length === 2) stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(load).rejects.toThrow('enough');
    expect(steps[0]).toMatchObject({ day: 1, days: 3 });
    expect(steps[0]?.text).toMatch(
      /^Day 1 of 3: [\d,]+ requests, [\d,]+ a second, about \d+ s left$/,
    );
    expect(await demoRows(pool)).toBe(0);
    await expect(loadDemo(deps, SMALL, ignore, AbortSignal.abort())).rejects.toThrow('aborted');
    expect((await proof(pool)).ok).toBe(true);
  });

  it('says what is missing and stores nobody', async () => {
    const { deps, pool } = await world();
    const nothing = { current: () => [], plan: () => undefined, rates: () => undefined };
    await expect(loadDemo({ ...deps, plans: nothing }, SMALL, ignore)).rejects.toThrow(
      'free, plus, pro, max, payg is not on offer',
    );
    const noModels = { candidates: () => [], list: () => [] };
    await expect(loadDemo({ ...deps, models: noModels }, SMALL, ignore)).rejects.toMatchObject({
      code: 'invalid_configuration',
    });
    expect(await demoRows(pool)).toBe(0);
  });
});
