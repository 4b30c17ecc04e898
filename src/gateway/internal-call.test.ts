import { namedId } from '#base/id.ts';
import { nanoUsd } from '#base/money.ts';
import { NO_USAGE } from '#metering/usage.ts';
import { describe, expect, it } from 'vitest';
import type { CallSink } from './internal-call.ts';
import { TEST_CALLER, TestGateway } from './testing-gateway.ts';

const BODY = {
  model: 'sim-standard',
  stream: true,
  messages: [{ role: 'user', content: 'What is a meter for?' }],
  max_tokens: 40,
};
const bytes = (body: object): Buffer => Buffer.from(JSON.stringify(body));

/** Takes everything at once. */
class Collected implements CallSink {
  text = '';
  admissions = 0;
  onData: (() => void) | undefined;
  readonly admitted = (): void => void (this.admissions += 1);
  readonly delivered = (): Promise<void> => Promise.resolve();
  readonly data = (chunk: Buffer, take: () => void): void => {
    this.text += chunk.toString('utf8');
    this.onData?.();
    take();
  };
}

describe('a call from inside the house', () => {
  it('gets the bytes that a client gets, and is held, metered and settled alike', async () => {
    await using house = await TestGateway.start();
    const overHttp = await (await house.post('/v1/chat/completions', BODY)).text();
    const sink = new Collected();
    const { keyId: _, ...caller } = TEST_CALLER;
    const call = house.gateway.call({ caller, surface: 'openai-chat', body: bytes(BODY), sink });
    const outcome = await call.done;
    const content = (sse: string): string =>
      [...sse.matchAll(/"content":"((?:[^"\\\\]|\\\\.)*)"/g)].map(([, text]) => text).join('');
    expect(content(sink.text)).toBe(content(overHttp));
    expect(content(sink.text)).not.toBe('');
    expect(sink.text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    expect(sink.admissions).toBe(1);
    expect(outcome.error).toBeUndefined();
    const [first, second] = house.admission.settled;
    expect(second?.actual).toEqual(first?.actual);
    expect(outcome.settled?.chargeNanoUsd).toBe(first?.actual.chargeNanoUsd);
  });

  it('waits with the supplier while the sink does not take', async () => {
    await using house = await TestGateway.start();
    let release: (() => void) | undefined;
    let chunks = 0;
    const call = house.gateway.call({
      caller: TEST_CALLER,
      surface: 'openai-chat',
      body: bytes(BODY),
      sink: {
        admitted() {},
        delivered: () => Promise.resolve(),
        data(_chunk, take) {
          chunks += 1;
          if (chunks === 1) release = take;
          else take();
        },
      },
    });
    let isDone = false;
    void call.done.then(() => (isDone = true));
    await expect.poll(() => release).toBeDefined();
    expect(isDone).toBe(false);
    expect(chunks).toBe(1);
    release?.();
    expect((await call.done).error).toBeUndefined();
  });

  it('is billed for what was generated where it leaves', async () => {
    await using house = await TestGateway.start({
      simulator: { latency: { firstTokenMs: 0, tokensPerSecond: 50 } },
    });
    const sink = new Collected();
    const call = house.gateway.call({
      caller: TEST_CALLER,
      surface: 'openai-chat',
      body: bytes({ ...BODY, max_tokens: 2_000 }),
      sink,
    });
    sink.onData = () => call.leave();
    const { settled, error } = await call.done;
    expect(error).toBeUndefined();
    expect(settled?.chargeNanoUsd).toBeGreaterThan(0);
    expect(house.admission.settled[0]?.outcome).toBe('client_aborted');
  });

  it('gets its errors as values, before anything is held', async () => {
    await using house = await TestGateway.start();
    const sink = new Collected();
    const body = bytes({ ...BODY, model: 'no-such-model' });
    const call = house.gateway.call({ caller: TEST_CALLER, surface: 'openai-chat', body, sink });
    expect((await call.done).error?.code).toBe('model_not_found');
    expect(sink.admissions).toBe(0);
  });

  it('holds and settles what its errand buys', async () => {
    await using house = await TestGateway.start();
    const plain = new Collected();
    await house.gateway.call({
      caller: TEST_CALLER,
      surface: 'openai-chat',
      body: bytes(BODY),
      sink: plain,
    }).done;
    const sink = new Collected();
    const { done } = house.gateway.call({
      caller: TEST_CALLER,
      surface: 'openai-chat',
      body: bytes(BODY),
      sink,
      errand: {
        costNanoUsdMax: nanoUsd(9_000_000),
        run: () =>
          Promise.resolve({
            body: bytes(BODY),
            bought: [
              {
                supplier: 'search',
                model: 'web',
                serviceTier: 'standard',
                usage: { ...NO_USAGE, web_searches: 1 },
                costNanoUsd: nanoUsd(5_000_000),
                priceVersionId: namedId('priceVersion', 'search'),
              },
            ],
          }),
      },
    });
    const { settled } = await done;
    const [without, withIt] = house.admission.settled;
    const charge = without?.actual.chargeNanoUsd ?? 0;
    expect(settled?.chargeNanoUsd).toBe(charge + 5_000_000);
    expect(withIt?.attempts.map(({ supplier }) => supplier)).toEqual(['search', 'sim']);
    const [heldWithout, heldWith] = house.admission
      .of('admit')
      .map(({ request }) => request.candidates[0]?.quote.chargeNanoUsd);
    expect(heldWith).toBe((heldWithout ?? 0) + 9_000_000);
  });
});
