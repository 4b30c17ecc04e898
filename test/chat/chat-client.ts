import { setTimeout as sleep } from 'node:timers/promises';
import type { LogEntry } from '#chat/log-entry.ts';
import type { Begun } from '#chat/chat.ts';
import type { OpenConversation } from '#chat/chat-desk.ts';
import type { Installation } from '../system/installation.ts';

/** A member with a key of their own. */
export interface TestMember {
  readonly customer: string;
  readonly member: string;
  readonly key: string;
}

export async function addMember(
  installation: Installation,
  { plan = 'wallet', budgetUsd = '100' }: { plan?: string; budgetUsd?: string } = {},
): Promise<TestMember> {
  const { id: customer } = await installation.call<{ id: string }>('POST', '/customers', {
    name: 'Reader',
    plan,
  });
  const { id: member } = await installation.call<{ id: string }>(
    'POST',
    `/customers/${customer}/members`,
    { name: 'Ada', role: 'admin' },
  );
  const { secret } = await installation.call<{ secret: string }>(
    'POST',
    `/customers/${customer}/keys`,
    { name: 'chat', memberId: member },
  );
  await installation.call('POST', `/customers/${customer}/credits`, {
    kind: 'bought',
    amountUsd: budgetUsd,
    reference: `budget of ${customer}`,
  });
  return { customer, member, key: secret };
}

/** The chat as a program calls it. */
export class ChatClient {
  readonly #url: () => string;
  readonly #key: string;

  constructor(url: () => string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  fetch(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#url()}/api${path}`, {
      ...options,
      headers: { authorization: `Bearer ${this.#key}`, ...options.headers },
    });
  }

  async call<Result>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Result> {
    const answer = await this.fetch(path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const json = (await answer.json()) as Result & { error?: { code: string; message: string } };
    if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(json.error)}`);
    return json;
  }

  send(text: string, more: object = {}): Promise<Begun & { userMessage: string }> {
    return this.call('POST', '/chat/messages', { model: 'talker', text, ...more });
  }

  open(id: string): Promise<OpenConversation> {
    return this.call('GET', `/chat/conversations/${id}`);
  }

  /** Follows a log to its end, through whatever breaks. */
  async follow(generation: string, options: FollowOptions = {}): Promise<Followed> {
    const followed: Followed = { entries: [], connections: 0, faults: [] };
    for (;;) {
      const after = followed.entries.length;
      const cut = new AbortController();
      const timer = options.cutAfterMs && setTimeout(() => cut.abort(), options.cutAfterMs());
      try {
        followed.connections += 1;
        const answer = await this.fetch(`/chat/generations/${generation}/log?after=${after}`, {
          signal: cut.signal,
        });
        if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
        for await (const { id, data } of events(answer.body)) {
          const expected = followed.entries.length + 1;
          if (id !== expected) followed.faults.push(`entry ${id} where ${expected} was due`);
          const entry = JSON.parse(data) as LogEntry;
          followed.entries.push(entry);
          options.onEntry?.(entry);
          if (entry.type === 'end') return followed;
        }
      } catch {
        await sleep(20);
      } finally {
        clearTimeout(timer || undefined);
      }
    }
  }
}

export interface FollowOptions {
  /** How long the next connection lives. */
  readonly cutAfterMs?: () => number;
  readonly onEntry?: (entry: LogEntry) => void;
}

export interface Followed {
  readonly entries: LogEntry[];
  connections: number;
  readonly faults: string[];
}

/** All text of a log. */
export function textOfLog(entries: readonly LogEntry[]): string {
  return entries.map((entry) => (entry.type === 'text' ? entry.text : '')).join('');
}

async function* events(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ readonly id: number; readonly data: string }> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end < 0) break;
      const event = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const id = /^id: (\d+)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (id !== undefined && data !== undefined) yield { id: Number(id), data };
    }
  }
}
