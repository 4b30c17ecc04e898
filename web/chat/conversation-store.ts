import type { Begun } from '#chat/chat.ts';
import type { OpenConversation } from '#chat/chat-desk.ts';
import type { Conversation, Message, MessageOutline } from '#chat/conversation.ts';
import type { Part } from '#chat/part.ts';
import { api, type ApiError } from './api.ts';
import { LiveAnswer } from './live-answer.ts';

/** What a page shows of one conversation. */
export interface ConversationState {
  readonly phase: 'empty' | 'loading' | 'open' | 'missing';
  readonly conversation: Conversation | undefined;
  readonly outline: readonly MessageOutline[];
  readonly messages: ReadonlyMap<string, Message>;
  readonly live: ReadonlyMap<string, LiveAnswer>;
  readonly error: ApiError | undefined;
}

export interface Asking {
  readonly model: string;
  readonly effort?: string | undefined;
  readonly search?: boolean | undefined;
}

export interface Draft extends Asking {
  readonly text: string;
  readonly attachments: readonly Part[];
  readonly temporary?: boolean | undefined;
  /** Where an edited message stood: the new one becomes its sibling. */
  readonly inPlaceOf?: string | undefined;
}

const EMPTY: ConversationState = {
  phase: 'empty',
  conversation: undefined,
  outline: [],
  messages: new Map(),
  live: new Map(),
  error: undefined,
};

const FETCH_AT_ONCE = 60;

/**
 * One conversation in one tab. What is asked goes to the server; what the server says is what is shown.
 *
 * States: empty (a new chat) → open (after the first message), or loading → open | missing.
 */
export class ConversationStore {
  #state: ConversationState = EMPTY;
  readonly #listeners = new Set<() => void>();
  readonly #wanted = new Set<string>();
  #fetchTimer = 0;
  /** Called when an answer has ended: meters have moved. */
  onEnd: () => void = () => undefined;
  /** Called with the id that a new chat got. */
  onBegun: (id: string) => void = () => undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  readonly state = (): ConversationState => this.#state;

  get isAnswering(): boolean {
    return [...this.#state.live.values()].some((answer) => answer.state().phase !== 'ended');
  }

  async open(id: string | undefined): Promise<void> {
    if (id !== undefined && id === this.#state.conversation?.id) return;
    for (const answer of this.#state.live.values()) answer.close();
    this.#set({ ...EMPTY, phase: id === undefined ? 'empty' : 'loading' });
    if (id === undefined) return;
    try {
      this.#opened(await api<OpenConversation>('GET', `/chat/conversations/${id}`));
    } catch (error) {
      this.#set({ phase: 'missing', error: error as ApiError });
    }
  }

  close(): void {
    for (const answer of this.#state.live.values()) answer.close();
  }

  /** Another tab may have gone on. */
  async refresh(): Promise<void> {
    const { conversation } = this.#state;
    if (!conversation || this.isAnswering) return;
    const opened = await api<OpenConversation>(
      'GET',
      `/chat/conversations/${conversation.id}`,
    ).catch(() => undefined);
    if (opened && this.#state.conversation?.id === conversation.id) this.#opened(opened);
  }

  /** @throws ApiError */
  async send(draft: Draft): Promise<void> {
    const { conversation, outline } = this.#state;
    const at = draft.inPlaceOf
      ? outline.findIndex(({ id }) => id === draft.inPlaceOf)
      : outline.length;
    const parent = outline[at - 1]?.id;
    const begun = await api<Begun>('POST', '/chat/messages', {
      ...asked(draft),
      ...(conversation && { conversation: conversation.id }),
      ...(parent && { parent }),
      ...(draft.temporary && { temporary: true }),
      text: draft.text,
      attachments: draft.attachments.flatMap((part) =>
        part.type === 'image' || part.type === 'file' ? [part.attachment] : [],
      ),
    });
    const nowMs = performance.timeOrigin + performance.now();
    const parts: Part[] = [...draft.attachments];
    if (draft.text.trim() !== '') parts.push({ type: 'text', text: draft.text });
    const question: Message = {
      id: begun.userMessage as Message['id'],
      parent,
      role: 'user',
      status: 'complete',
      parts,
      takings: [],
      createdAtMs: nowMs,
      generation: undefined,
      feedback: undefined,
    };
    const siblings = branchesOf(outline[at]);
    const path = [
      ...outline.slice(0, at),
      {
        id: question.id,
        role: 'user' as const,
        chars: draft.text.length,
        siblings: siblings.length === 0 ? [] : [...siblings, question.id],
      },
      { id: begun.message, role: 'assistant' as const, chars: 0, siblings: [] },
    ];
    const messages = new Map(this.#state.messages);
    messages.set(question.id, question);
    messages.set(begun.message, running(begun, question.id, nowMs));
    this.#set({
      phase: 'open',
      outline: path,
      messages,
      conversation: conversation ?? {
        id: begun.conversation,
        title: draft.text.slice(0, 80),
        leaf: begun.message,
        model: draft.model,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
        isTemporary: draft.temporary ?? false,
      },
    });
    this.#follow(begun.message, begun.generation, []);
    if (!conversation) this.onBegun(begun.conversation);
  }

  /** @throws ApiError */
  async regenerate(id: string, asking: Asking): Promise<void> {
    const begun = await api<Begun>('POST', `/chat/messages/${id}/regenerate`, asked(asking));
    const { outline, messages } = this.#state;
    const at = outline.findIndex((each) => each.id === id);
    const old = outline[at];
    if (!old) return;
    const next = new Map(messages);
    next.set(
      begun.message,
      running(begun, messages.get(id)?.parent, performance.timeOrigin + performance.now()),
    );
    this.#set({
      messages: next,
      outline: [
        ...outline.slice(0, at),
        {
          id: begun.message,
          role: 'assistant',
          chars: 0,
          siblings: [...branchesOf(old), begun.message],
        },
      ],
    });
    this.#follow(begun.message, begun.generation, []);
  }

  /** @throws ApiError */
  async continue(id: string, asking: Asking): Promise<void> {
    const begun = await api<Begun>('POST', `/chat/messages/${id}/continue`, asked(asking));
    const message = this.#state.messages.get(id);
    if (!message) return;
    const base = message.parts.filter(({ type }) => type !== 'error');
    this.#put({ ...message, parts: base, status: 'running', generation: begun.generation });
    this.#follow(begun.message, begun.generation, base);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#state.live.values()].map((answer) => answer.stop()));
  }

  async show(id: string): Promise<void> {
    this.#opened(await api<OpenConversation>('POST', `/chat/messages/${id}/show`));
  }

  async rate(
    id: string,
    rating: 'up' | 'down' | null,
    reason?: string,
    comment?: string,
  ): Promise<void> {
    const message = this.#state.messages.get(id);
    if (message) this.#put({ ...message, feedback: rating ?? undefined });
    await api('POST', `/chat/messages/${id}/feedback`, {
      rating,
      ...(reason && { reason }),
      ...(comment && { comment }),
    });
  }

  /** Says that a message is about to be seen; it is fetched with its neighbours. */
  want(ids: readonly string[]): void {
    for (const id of ids) if (!this.#state.messages.has(id)) this.#wanted.add(id);
    if (this.#wanted.size === 0 || this.#fetchTimer !== 0) return;
    this.#fetchTimer = window.setTimeout(() => void this.#fetch(), 16);
  }

  async #fetch(): Promise<void> {
    const { conversation } = this.#state;
    const ids = [...this.#wanted].slice(0, FETCH_AT_ONCE);
    for (const id of ids) this.#wanted.delete(id);
    try {
      if (!conversation) return;
      const { messages } = await api<{ messages: readonly Message[] }>(
        'GET',
        `/chat/conversations/${conversation.id}/messages?ids=${ids.join(',')}`,
      );
      const next = new Map(this.#state.messages);
      for (const message of messages) next.set(message.id, message);
      if (this.#state.conversation?.id === conversation.id) this.#set({ messages: next });
    } catch {
      // They are asked for again when they are next seen.
    } finally {
      this.#fetchTimer = 0;
      if (this.#wanted.size > 0) this.want([]);
    }
  }

  #opened({ conversation, outline, messages }: OpenConversation): void {
    this.#set({
      phase: 'open',
      conversation,
      outline,
      messages: new Map(messages.map((message) => [message.id, message])),
      error: undefined,
    });
    for (const message of messages) {
      if (!message.generation || this.#state.live.has(message.id)) continue;
      const base = message.parts.filter(({ type }) => type !== 'error');
      this.#follow(message.id, message.generation, base);
    }
  }

  #follow(id: string, generation: string, base: readonly Part[]): void {
    const answer = new LiveAnswer(generation, base);
    this.#set({ live: new Map(this.#state.live).set(id, answer) });
    const leave = answer.subscribe(() => {
      const { phase, parts, end } = answer.state();
      if (phase !== 'ended' || !end) return;
      leave();
      const message = this.#state.messages.get(id);
      const live = new Map(this.#state.live);
      live.delete(id);
      this.#set({ live });
      if (message)
        this.#put({
          ...message,
          parts,
          status: end.status,
          takings: end.taking ? [...message.takings, end.taking] : message.takings,
          generation: undefined,
        });
      this.onEnd();
    });
  }

  #put(message: Message): void {
    this.#set({ messages: new Map(this.#state.messages).set(message.id, message) });
  }

  #set(change: Partial<ConversationState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** A message and its siblings; nothing where there is no message. */
function branchesOf(entry: MessageOutline | undefined): readonly Message['id'][] {
  if (!entry) return [];
  return entry.siblings.length === 0 ? [entry.id] : entry.siblings;
}

function running(begun: Begun, parent: Message['parent'], nowMs: number): Message {
  return {
    id: begun.message,
    parent,
    role: 'assistant',
    status: 'running',
    parts: [],
    takings: [],
    createdAtMs: nowMs,
    generation: begun.generation,
    feedback: undefined,
  };
}

function asked({ model, effort, search }: Asking): Asking {
  return { model, ...(effort && { effort }), ...(search && { search }) };
}
