import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TestGateway, TEST_KEY } from '#gateway/testing-gateway.ts';

const chat = {
  model: 'sim-standard',
  messages: [{ role: 'user' as const, content: 'What is a waterline?' }],
  max_tokens: 40,
};

/** A gateway whose store takes settlements only after `let go`, with what happened in order. */
async function slowHouse(hasJournal: boolean) {
  const story: string[] = [];
  const gate = Promise.withResolvers<void>();
  const house: TestGateway = await TestGateway.start({
    deps: {
      receipt: async () =>
        house.admission.settled.length > 0 ? { object: 'receipt' } : ('running' as const),
    },
  });
  const { admission } = house;
  admission.hasJournal = hasJournal;
  const measured = admission.measured.bind(admission);
  admission.measured = (hold) => {
    story.push('measured');
    return measured(hold);
  };
  admission.before = async ({ call }) => {
    if (call !== 'settle') return;
    await gate.promise;
    story.push('settled');
  };
  return { house, story, letGo: () => gate.resolve() };
}

test.each([false, true])(
  'an answer ends when what it used is noted, before it is booked (stream: %s)',
  async (stream) => {
    const { house, story, letGo } = await slowHouse(true);
    await using _ = house;
    const response = await house.post('/v1/chat/completions', { ...chat, stream });
    expect(await response.text()).toContain(stream ? '[DONE]' : 'chat.completion');
    expect(story).toEqual(['measured']);
    expect(response.headers.has('x-breakeven-charge')).toBe(!stream);
    expect(house.gateway.settling).toBe(1);
    // Neither late nor lost: whoever asks about it waits for it.
    expect(house.gateway.settlementBacklog).toBe(0);
    const url = `${house.url}/v1/receipts/${response.headers.get('x-request-id')}`;
    const receipt = fetch(url, { headers: { 'x-api-key': TEST_KEY } });
    const books = house.gateway.booked().then(() => story.push('seen'));
    await sleep(50);
    letGo();
    expect((await receipt).status).toBe(200);
    await books;
    expect(story).toEqual(['measured', 'settled', 'seen']);
    expect(house.gateway.settling).toBe(0);
  },
);

test.each([false, true])(
  'without a journal an answer ends when it is booked (stream: %s)',
  async (stream) => {
    const { house, story, letGo } = await slowHouse(false);
    await using _ = house;
    const answer = house
      .post('/v1/chat/completions', { ...chat, stream })
      .then((response) => response.text())
      .then(() => story.push('answered'));
    await sleep(100);
    letGo();
    await answer;
    expect(story).toEqual(['measured', 'settled', 'answered']);
  },
);
