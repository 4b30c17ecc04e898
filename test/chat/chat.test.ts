import { pdfOf } from '#chat/testing-pdf.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readEntries } from '#chat/generations.store.ts';
import type { Part } from '#chat/part.ts';
import { type House, house } from '../system/house.ts';
import { eventually } from '../system/installation.ts';
import { addMember, ChatClient, textOfLog } from './chat-client.ts';

/** The chat over real HTTP, before a supplier in a process of its own. */
let home: House;
let ada: ChatClient;

beforeAll(async () => {
  home = await house({ firstTokenMs: 20, tokensPerSecond: 300 });
  ada = await member();
});
afterAll(() => home[Symbol.asyncDispose]());

async function member(options: Parameters<typeof addMember>[1] = {}): Promise<ChatClient> {
  const { key } = await addMember(home.installation, options);
  return new ChatClient(() => home.installation.url, key);
}

const textOf = (parts: readonly Part[] | undefined): string =>
  (parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');

describe('an answer', () => {
  it('is followed live, stands in the conversation, and says what it took', async () => {
    const { conversation, generation, message } = await ada.send('What is a meter for?');
    const { entries, faults } = await ada.follow(generation);
    expect(faults).toEqual([]);
    const text = textOfLog(entries);
    expect(text.length).toBeGreaterThan(50);
    const opened = await ada.open(conversation);
    const answer = opened.messages.find(({ id }) => id === message);
    expect(textOf(answer?.parts)).toBe(text);
    expect(answer?.status).toBe('complete');
    const [taking] = answer?.takings ?? [];
    expect(taking).toMatchObject({ model: 'talker', paidBy: 'bought' });
    const receipt = await ada.call<{ chargeNanoUsd: number; usage: Record<string, number> }>(
      'GET',
      `/chat/receipts/${taking?.requestId}`,
    );
    expect(receipt.chargeNanoUsd).toBe(taking?.chargeNanoUsd);
    expect(receipt.chargeNanoUsd).toBeGreaterThan(0);
    expect(JSON.stringify([answer?.takings, receipt])).not.toMatch(/cost/i);
    expect(opened.conversation.title).toBe('What is a meter for?');
  });

  it('is the same for whoever comes late, from whatever number', async () => {
    const { generation } = await ada.send('Tell me about ledgers.');
    const [live, late] = await Promise.all([
      ada.follow(generation),
      sleep(300).then(() => ada.follow(generation, { cutAfterMs: () => 50 })),
    ]);
    expect(late.entries).toEqual(live.entries);
    expect(late.faults).toEqual([]);
    const after = await ada.fetch(`/chat/generations/${generation}/log?after=999`);
    expect(after.status).toBe(400);
  });

  it('stops from any tab, keeps what came, and is billed for that', async () => {
    const { generation, conversation, message } = await ada.send('Count for a long time.');
    let seen = '';
    const followed = ada.follow(generation, {
      onEntry: (entry) => {
        if (entry.type === 'text') seen += entry.text;
      },
    });
    await expect.poll(() => seen.length).toBeGreaterThan(20);
    await ada.call('POST', `/chat/generations/${generation}/stop`);
    // Whoever has stopped it waits for nothing more but the end: all its text is durable by now.
    const pool = new Pool({ connectionString: home.installation.databaseUrl });
    onTestFinished(() => pool.end());
    const written = await readEntries(pool, generation, 0);
    const { entries } = await followed;
    const end = entries.at(-1);
    expect(textOfLog(written.map(({ entry }) => entry))).toBe(textOfLog(entries));
    expect(end).toMatchObject({ type: 'end', status: 'stopped' });
    const opened = await ada.open(conversation);
    const answer = opened.messages.find(({ id }) => id === message);
    expect(answer?.status).toBe('stopped');
    expect(textOf(answer?.parts)).toBe(textOfLog(entries));
    expect(answer?.takings[0]?.chargeNanoUsd).toBeGreaterThan(0);
  });

  it('goes on without anybody who follows it', async () => {
    const { conversation, message } = await ada.send('Nobody listens.');
    const status = await eventually('it ends', 20_000, async () => {
      const { messages } = await ada.open(conversation);
      const found = messages.find(({ id }) => id === message);
      return found?.status === 'running' ? undefined : found;
    });
    expect(status.status).toBe('complete');
    expect(status.takings).toHaveLength(1);
  });
});

describe('branches', () => {
  it('an edited question and an answer made anew stand beside the first', async () => {
    const first = await ada.send('First question');
    await ada.follow(first.generation);
    const again = await ada.call<{ generation: string; message: string }>(
      'POST',
      `/chat/messages/${first.message}/regenerate`,
      { model: 'talker' },
    );
    await ada.follow(again.generation);
    const edited = await ada.send('Edited question', { conversation: first.conversation });
    await ada.follow(edited.generation);
    const opened = await ada.open(first.conversation);
    expect(opened.outline.map(({ siblings }) => siblings.length)).toEqual([2, 0]);
    const back = await ada.call<typeof opened>('POST', `/chat/messages/${first.userMessage}/show`);
    expect(back.outline.map(({ id }) => id)).toEqual([first.userMessage, again.message]);
    expect(back.outline[1]?.siblings).toEqual([first.message, again.message]);
  });
});

describe('what belongs to another', () => {
  it('is not found, whatever it is', async () => {
    const begun = await ada.send('Mine');
    await ada.follow(begun.generation);
    const eve = await member();
    for (const path of [
      `/chat/conversations/${begun.conversation}`,
      `/chat/conversations/${begun.conversation}/export`,
      `/chat/conversations/${begun.conversation}/shares`,
      `/chat/generations/${begun.generation}/log`,
    ])
      expect([path, (await eve.fetch(path)).status]).toEqual([path, 404]);
    for (const path of [
      `/chat/generations/${begun.generation}/stop`,
      `/chat/messages/${begun.message}/show`,
      `/chat/conversations/${begun.conversation}/shares`,
    ])
      expect([path, (await eve.fetch(path, { method: 'POST' })).status]).toEqual([path, 404]);
    const { hits } = await eve.call<{ hits: unknown[] }>('GET', '/chat/search?q=mine');
    expect(hits).toEqual([]);
    expect((await fetch(`${home.installation.url}/api/chat/start`)).status).toBe(401);
  });
});

describe('search', () => {
  it('finds words of messages in any script, and no temporary chat', async () => {
    const reader = await member();
    const one = await reader.send('The zanzibar question about ledgers');
    const two = await reader.send('清楚的计量是什么意思？');
    const hidden = await reader.send('zanzibar in secret', { temporary: true });
    for (const { generation } of [one, two, hidden]) await reader.follow(generation);
    const find = async (q: string): Promise<string[]> => {
      const { hits } = await reader.call<{ hits: { conversation: { id: string } }[] }>(
        'GET',
        `/chat/search?q=${encodeURIComponent(q)}`,
      );
      return hits.map(({ conversation }) => conversation.id);
    };
    expect(await find('zanzi')).toEqual([one.conversation]);
    expect(await find('计量')).toEqual([two.conversation]);
    expect(await find('ledgers zanzibar')).toEqual([one.conversation]);
    expect(await find('nowhere')).toEqual([]);
    const { conversations } = await reader.call<{ conversations: { id: string }[] }>(
      'GET',
      '/chat/conversations',
    );
    expect(conversations.map(({ id }) => id)).toEqual([two.conversation, one.conversation]);
  });
});

describe('links', () => {
  it('show the branch as it was, to anybody, until they are revoked', async () => {
    const begun = await ada.send('Share this');
    const { entries } = await ada.follow(begun.generation);
    const { id, token } = await ada.call<{ id: string; token: string }>(
      'POST',
      `/chat/conversations/${begun.conversation}/shares`,
    );
    const later = await ada.send('Not this', {
      conversation: begun.conversation,
      parent: begun.message,
    });
    await ada.follow(later.generation);
    const url = `${home.installation.url}/api/shared/${token}`;
    const shared = (await (await fetch(url)).json()) as { messages: { parts: Part[] }[] };
    expect(shared.messages.map(({ parts }) => textOf(parts))).toEqual([
      'Share this',
      textOfLog(entries),
    ]);
    expect(JSON.stringify(shared)).not.toMatch(/taking|charge|usd/i);
    expect(token.length).toBeGreaterThanOrEqual(43);
    await ada.call('DELETE', `/chat/shares/${id}`);
    expect((await fetch(url)).status).toBe(404);
  });
});

describe('files', () => {
  const attach = async (name: string, content: string | Buffer): Promise<Response> =>
    ada.fetch(`/chat/attachments?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: typeof content === 'string' ? content : new Uint8Array(content),
    });

  it('are taken by what they are, not by what they are called', async () => {
    const text = (await (await attach('../notes.exe', 'plain words')).json()) as { id: string };
    expect(text).toMatchObject({ name: '..notes.exe', kind: 'text' });
    expect((await attach('photo.png', Buffer.from([0, 1, 2, 3]))).status).toBe(400);
    expect((await attach('empty.txt', '')).status).toBe(400);
    expect((await attach('big.txt', 'a'.repeat(600_000))).status).toBe(413);
    const paper = (await (await attach('paper.pdf', pdfOf(['Below zero.']))).json()) as {
      id: string;
    };
    const read = await ada.fetch(`/chat/attachments/${paper.id}`);
    expect(await read.text()).toBe('[Page 1]\nBelow zero.');
    expect((await attach('scan.pdf', pdfOf(['']))).status).toBe(400);
    const back = await ada.fetch(`/chat/attachments/${text.id}`);
    expect(back.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await back.text()).toBe('plain words');
    const eve = await member();
    expect((await eve.fetch(`/chat/attachments/${text.id}`)).status).toBe(404);
    const begun = await ada.send('Read it', { attachments: [text.id] });
    await ada.follow(begun.generation);
    const { messages } = await ada.open(begun.conversation);
    expect(messages[0]?.parts[0]).toMatchObject({ type: 'file', attachment: text.id });
  });
});

describe('a limit', () => {
  it('is told with its gate in the answer, and the question stays', async () => {
    const poor = await member({ budgetUsd: '0.000001' });
    const begun = await poor.send('Can I afford this?');
    const { entries } = await poor.follow(begun.generation);
    expect(entries.map(({ type }) => type)).toEqual(['error', 'end']);
    expect(entries[0]).toMatchObject({ code: 'insufficient_funds' });
    const { messages } = await poor.open(begun.conversation);
    expect(messages.map(({ role, status }) => [role, status])).toEqual([
      ['user', 'complete'],
      ['assistant', 'failed'],
    ]);
    const limits = await poor.call<{ choices: { kind: string }[]; meters: object[] }>(
      'GET',
      '/chat/limits',
    );
    expect(limits.meters).toMatchObject([{ gate: 'exposure', unit: 'share', limit: 1000 }]);
  });

  it('is quoted before it is reached', async () => {
    const quote = await ada.call<Record<string, number>>('POST', '/chat/quote', {
      model: 'talker',
      text: 'How dear is this?',
    });
    expect(quote['minNanoUsd']).toBeLessThanOrEqual(quote['expectedNanoUsd'] ?? 0);
    expect(quote['expectedNanoUsd']).toBeLessThan(quote['maxNanoUsd'] ?? 0);
  });
});

describe('export, settings, feedback', () => {
  it('keep what they were given', async () => {
    const begun = await ada.send('Export this');
    const { entries } = await ada.follow(begun.generation);
    const path = `/chat/conversations/${begun.conversation}/export`;
    const markdown = await (await ada.fetch(`${path}?format=markdown`)).text();
    expect(markdown).toContain('# Export this');
    expect(markdown).toContain(textOfLog(entries).trim());
    const json = (await (await ada.fetch(`${path}?format=json`)).json()) as { messages: object[] };
    expect(json.messages).toHaveLength(2);
    const settings = {
      about: 'A carpenter',
      style: 'Short',
      instructionsOn: true,
      askAboveNanoUsd: 5,
      askAbovePerMille: 30,
      remoteImages: false,
    };
    await ada.call('POST', '/chat/settings', settings);
    expect(await ada.call('GET', '/chat/settings')).toEqual(settings);
    await ada.call('POST', `/chat/messages/${begun.message}/feedback`, { rating: 'down' });
    const { messages } = await ada.open(begun.conversation);
    expect(messages[1]?.feedback).toBe('down');
  });
});

describe('a kill of the server', () => {
  it('keeps the logged text, marked as interrupted, and the answer can go on', async () => {
    const { installation } = home;
    const begun = await ada.send('A long answer, please.');
    let seen = '';
    const following = ada.follow(begun.generation, {
      onEntry: (entry) => {
        if (entry.type === 'text') seen += entry.text;
      },
    });
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBeGreaterThan(40);
    await installation.kill();
    await installation.start();
    const { entries, faults } = await following;
    expect(faults).toEqual([]);
    expect(entries.at(-1)).toMatchObject({ type: 'end', status: 'interrupted' });
    const { messages } = await ada.open(begun.conversation);
    expect(textOf(messages[1]?.parts)).toBe(seen);
    expect(messages[1]?.status).toBe('interrupted');
    const more = await ada.call<{ generation: string; message: string }>(
      'POST',
      `/chat/messages/${begun.message}/continue`,
      { model: 'talker' },
    );
    expect(more.message).toBe(begun.message);
    const rest = await ada.follow(more.generation);
    const whole = await ada.open(begun.conversation);
    expect(whole.messages[1]?.status).toBe('complete');
    expect(textOf(whole.messages[1]?.parts)).toBe(seen + textOfLog(rest.entries));
  });
});
