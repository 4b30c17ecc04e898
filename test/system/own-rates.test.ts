import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Receipt } from '#admission/receipt.store.ts';
import { uuidOf, parseId } from '#base/id.ts';
import { withClient } from '#db/database-address.ts';
import { addCustomer, type TestCustomer } from './customer.ts';
import { type House, house } from './house.ts';
import { testOffer } from './test-offer.ts';

/**
 * A plan with the operator's own rates, from the document to the postings: the supplier is owed by its
 * prices ($1 and $10 a million), the customer pays ours, whatever name and route served.
 */

let home: House;
let customer: TestCustomer;

beforeAll(async () => {
  home = await house();
  await sell('2026-01-01', { input: '$3', output: '$20' });
  customer = await addCustomer(home.installation, '1', 'retail');
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

/** The test offer with a plan on rates of our own, for the model that is priced by its tokens. */
async function sell(effective: string, rates: { input: string; output: string }): Promise<void> {
  const offer = parse(testOffer(home.upstream.url)) as {
    models: Record<string, object>;
    plans: Record<string, object>;
  };
  const { talker } = offer.models;
  const models = {
    ...offer.models,
    ours: { ...talker, routes: [{ supplier: 'vendor', model: 'talker' }] },
  };
  const document = {
    ...offer,
    models,
    rates: {
      retail: {
        effective,
        models: Object.fromEntries(Object.keys(models).map((name) => [name, rates])),
      },
    },
    plans: { ...offer.plans, retail: { ...offer.plans['wallet'], tariff: 'prices of retail' } },
  };
  await home.installation.call('POST', '/offer/apply', { document: stringify(document) });
}

interface Served {
  readonly requestId: string;
  readonly prompt: number;
  readonly completion: number;
}

async function ask(stream: boolean): Promise<Served> {
  const answer = await fetch(`${home.installation.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${customer.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'ours',
      max_tokens: 50,
      messages: [{ role: 'user', content: 'What is a waterline?' }],
      metadata: { sim_output_tokens: '37' },
      ...(stream && { stream, stream_options: { include_usage: true } }),
    }),
  });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  const last = stream
    ? text
        .split('\n')
        .findLast((line) => line.startsWith('data: {'))
        ?.slice('data: '.length)
    : text;
  const { usage } = JSON.parse(last ?? '') as {
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  const requestId = answer.headers.get('x-request-id') ?? '';
  return { requestId, prompt: usage.prompt_tokens, completion: usage.completion_tokens };
}

/** The customer's receipt; the last byte of a stream leaves before its settlement is durable. */
async function receiptOf(requestId: string): Promise<Receipt> {
  for (;;) {
    const answer = await fetch(`${home.installation.url}/v1/receipts/${requestId}`, {
      headers: { authorization: `Bearer ${customer.key}` },
    });
    if (answer.status === 200) return (await answer.json()) as Receipt;
    expect(answer.status).toBe(409);
    await sleep(20);
  }
}

async function postingsOf(requestId: string): Promise<readonly string[]> {
  const id = parseId('request', requestId);
  if (id === undefined) throw new Error(`no request id: ${requestId}`);
  return withClient({ url: home.installation.databaseUrl }, 'breakeven tests', async (client) => {
    const { rows } = await client.query<{ line: string }>(
      `SELECT t.kind || ': ' || d.name || ' > ' || c.name || ' ' || t.amount AS line
         FROM transfer t JOIN ledger_account d ON d.number = t.debit JOIN ledger_account c ON c.number = t.credit
        WHERE t.event = $1 AND t.amount > 0 ORDER BY t.line`,
      [uuidOf(id)],
    );
    return rows.map(({ line }) => line);
  });
}

test('a request, plain and streamed, is charged by our rates and owed by theirs', async () => {
  for (const stream of [false, true]) {
    const { requestId, prompt, completion } = await ask(stream);
    const charge = prompt * 3_000 + completion * 20_000;
    const cost = prompt * 1_000 + completion * 10_000;
    expect(await receiptOf(requestId)).toMatchObject({
      model: 'ours', // as it is offered, and not as the supplier names it
      outcome: 'completed',
      estimated: false,
      chargeNanoUsd: charge,
      paidBy: { allowance: 0, promotional: 0, bought: charge, overage: 0 },
    });
    const postings = await postingsOf(requestId);
    expect(postings).toHaveLength(2);
    expect(postings[0]).toMatch(new RegExp(`^cost: .*talker.* > .*vendor.* ${cost}$`));
    expect(postings[1]).toMatch(new RegExp(`^charge: .*bought.* > .*revenue.* ${charge}$`));
  }
});

test('new rates hold from their hour on, not from when they were written; the books add up', async () => {
  const fromMs = Date.now() + 5_000;
  await sell(new Date(fromMs).toISOString(), { input: '$5', output: '$40' });
  const early = await ask(false);
  await sleep(Math.max(0, fromMs + 100 - Date.now()));
  const late = await ask(false);
  for (const { requestId, prompt, completion } of [early, late]) {
    const { admittedAtMs, chargeNanoUsd } = await receiptOf(requestId);
    const [input, output] = admittedAtMs < fromMs ? [3_000, 20_000] : [5_000, 40_000];
    expect(chargeNanoUsd).toBe(prompt * input + completion * output);
  }
  expect((await receiptOf(late.requestId)).admittedAtMs).toBeGreaterThanOrEqual(fromMs);
  expect((await home.installation.command('audit')).code).toBe(0);
});
