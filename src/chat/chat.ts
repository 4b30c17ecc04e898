import type { Pool, PoolClient } from 'pg';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import { transaction } from '#db/pool.ts';
import type { Caller } from '#gateway/caller.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { ModelDirectory } from '#gateway/model-directory.ts';
import type { ChatActor } from './actor.ts';
import { type Attachment, ATTACHMENTS_PER_MESSAGE_MAX } from './attachment.ts';
import { keepAttachments, readAttachments } from './attachments.store.ts';
import { type ChatSettings, readSettings } from './chat-settings.store.ts';
import { type Message, titleOf } from './conversation.ts';
import { insertConversation, readConversation, touchConversation } from './conversations.store.ts';
import type { Generator } from './generator.ts';
import { insertGeneration } from './generations.store.ts';
import {
  findMessage,
  insertMessage,
  readMessages,
  readTree,
  reopenMessage,
} from './messages.store.ts';
import type { Part } from './part.ts';
import type { QuotedMessage, QuoteShare } from './quote-shares.ts';
import { promptOf } from './prompt.ts';
import type { WebSearch } from './web-search/web-search.ts';

export interface ChatDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly gateway: Pick<Gateway, 'quote'>;
  /** What a message may take of the limits of an actor's plan; none where each is charged. */
  readonly sharesOf: (actor: ChatActor, message: QuotedMessage) => Promise<readonly QuoteShare[]>;
  readonly models: ModelDirectory;
  readonly generator: Generator;
  /** This process's number; see ProcessOwner. */
  readonly owner: () => number;
  /** The subscription in force of whoever asks. @throws DomainError `no_subscription` */
  readonly callerOf: (actor: ChatActor) => Promise<Caller>;
  /** `undefined` where the operator has set none up. */
  readonly webSearch: WebSearch | undefined;
}

/** How a message is to be answered. */
export interface Asking {
  readonly model: string;
  readonly effort?: string | undefined;
  /** Search the web first. */
  readonly search?: boolean | undefined;
}

export interface Send extends Asking {
  /** Absent: a new conversation begins. */
  readonly conversation?: Id<'conversation'> | undefined;
  readonly temporary?: boolean | undefined;
  /** The message that this one answers; absent: the beginning. */
  readonly parent?: Id<'message'> | undefined;
  readonly text: string;
  readonly attachments: readonly Id<'attachment'>[];
}

/** What a request to answer has begun. */
export interface Begun {
  readonly conversation: Id<'conversation'>;
  readonly userMessage: Id<'message'> | undefined;
  readonly message: Id<'message'>;
  readonly generation: Id<'generation'>;
}

export const TEXT_CHARACTERS_MAX = 200_000;
const TEMPORARY_MS = 24 * 60 * 60 * 1000;

/** What is written down and run for one answer. */
interface Answering {
  readonly actor: ChatActor;
  readonly caller: Caller;
  readonly conversation: Id<'conversation'>;
  readonly message: Id<'message'>;
  readonly baseParts: readonly Part[];
  readonly body: Buffer;
  readonly asking: Asking;
  readonly query: string | undefined;
}

/** Conversations of members: what is asked, and the generations that answer. */
export class Chat {
  readonly #deps: ChatDeps;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
  }

  /**
   * Adds a message of the member's and begins its answer.
   * @throws DomainError `not_found`, `model_not_found`, `invalid_request`, `no_subscription`
   */
  async send(actor: ChatActor, send: Send): Promise<Begun> {
    const { pool, clock, random } = this.#deps;
    const text = send.text.trim();
    if (text === '' && send.attachments.length === 0)
      throw new DomainError('invalid_request', 'Write something first.', { field: 'text' });
    if (send.attachments.length > ATTACHMENTS_PER_MESSAGE_MAX)
      throw new DomainError('invalid_request', 'Too many files at once.', {
        field: 'attachments',
        facts: { max: ATTACHMENTS_PER_MESSAGE_MAX },
      });
    const caller = await this.#deps.callerOf(actor);
    const files = await readAttachments(pool, actor, send.attachments);
    const parts: readonly Part[] = [
      ...files.map(partOfFile),
      ...(text === '' ? [] : [{ type: 'text' as const, text: send.text }]),
    ];
    const nowMs = clock.nowMs();
    const id = send.conversation ?? newId('conversation', clock, random);
    const userMessage = newId('message', clock, random);
    const before = await this.#pathTo(actor, send);
    const asked: Message = {
      id: userMessage,
      parent: send.parent,
      role: 'user',
      status: 'complete',
      parts,
      takings: [],
      createdAtMs: nowMs,
      generation: undefined,
      feedback: undefined,
    };
    const body = await this.#prompt(actor, caller, send, [...before, asked]);
    const message = newId('message', clock, random);
    const begun = await this.#answer(
      {
        actor,
        caller,
        conversation: id,
        message,
        baseParts: [],
        body,
        asking: send,
        query: text,
      },
      async (client) => {
        const expiresAtMs = send.temporary ? nowMs + TEMPORARY_MS : undefined;
        let isTemporary = send.temporary ?? false;
        if (send.conversation === undefined) {
          const title = titleOf(text) || (files[0]?.name ?? '…');
          const { model } = send;
          await insertConversation(client, actor, { id, title, model, nowMs, expiresAtMs });
        } else {
          const existing = await readConversation(client, actor, id, 'FOR UPDATE');
          isTemporary = existing.isTemporary;
        }
        const shared = { conversation: id, nowMs, isSearchable: !isTemporary };
        await insertMessage(client, { ...asked, ...shared });
        await insertMessage(client, {
          id: message,
          parent: userMessage,
          role: 'assistant',
          status: 'running',
          parts: [],
          ...shared,
        });
        if (!isTemporary) await keepAttachments(client, send.attachments, undefined);
      },
    );
    return { ...begun, userMessage };
  }

  /** Answers a message of the member's once more, as a branch beside the first answer. @throws DomainError */
  async regenerate(actor: ChatActor, id: Id<'message'>, asking: Asking): Promise<Begun> {
    const { pool, clock, random } = this.#deps;
    const { message: old, conversation } = await findMessage(pool, actor, id);
    if (old.role !== 'assistant' || old.parent === undefined)
      throw new DomainError('invalid_request', 'Only an answer can be made anew.', {
        field: 'message',
      });
    const caller = await this.#deps.callerOf(actor);
    const path = await this.#path(conversation, old.parent);
    const body = await this.#prompt(actor, caller, asking, path);
    const message = newId('message', clock, random);
    const asked = path.at(-1);
    return this.#answer(
      {
        actor,
        caller,
        conversation,
        message,
        baseParts: [],
        body,
        asking,
        query: asked && queryText(asked),
      },
      async (client) => {
        const { isTemporary } = await readConversation(client, actor, conversation, 'FOR UPDATE');
        await insertMessage(client, {
          id: message,
          conversation,
          parent: old.parent,
          role: 'assistant',
          status: 'running',
          parts: [],
          nowMs: clock.nowMs(),
          isSearchable: !isTemporary,
        });
      },
    );
  }

  /** Goes on with an answer that stopped half-way. @throws DomainError `conflict` where it runs */
  async continue(actor: ChatActor, id: Id<'message'>, asking: Asking): Promise<Begun> {
    const { pool } = this.#deps;
    const { message, conversation } = await findMessage(pool, actor, id);
    if (message.role !== 'assistant' || message.status === 'complete')
      throw new DomainError('conflict', 'This answer is whole.', { field: 'message' });
    const caller = await this.#deps.callerOf(actor);
    const path = await this.#path(conversation, id);
    const baseParts = message.parts.filter(({ type }) => type !== 'error');
    const hasText = baseParts.some(({ type }) => type === 'text');
    const body = await this.#prompt(actor, caller, asking, hasText ? path : path.slice(0, -1));
    return this.#answer(
      {
        actor,
        caller,
        conversation,
        message: id,
        baseParts,
        body,
        asking: { ...asking, search: false },
        query: undefined,
      },
      async (client) => {
        await readConversation(client, actor, conversation, 'FOR UPDATE');
        if (!(await reopenMessage(client, id)))
          throw new DomainError('conflict', 'This answer is being written.', { field: 'message' });
      },
    );
  }

  /** What a message may be charged, before it is sent. @throws DomainError as `send` */
  async quote(
    actor: ChatActor,
    send: Send,
  ): Promise<{
    readonly minNanoUsd: number;
    readonly expectedNanoUsd: number;
    readonly maxNanoUsd: number;
    /** Of the limits that it counts in, where the plan includes it. */
    readonly shares: readonly QuoteShare[];
  }> {
    const { pool, clock, gateway, webSearch } = this.#deps;
    const caller = await this.#deps.callerOf(actor);
    const files = await readAttachments(pool, actor, send.attachments);
    const asked = [
      ...files.map(partOfFile),
      ...(send.text === '' ? [] : [{ type: 'text' as const, text: send.text }]),
    ];
    const path: Message[] = [
      ...(await this.#pathTo(actor, send)),
      {
        id: newId('message', clock, this.#deps.random),
        parent: send.parent,
        role: 'user',
        status: 'complete',
        parts: asked,
        takings: [],
        createdAtMs: clock.nowMs(),
        generation: undefined,
        feedback: undefined,
      },
    ];
    const body = await this.#prompt(actor, caller, send, path);
    const errand =
      send.search && webSearch
        ? webSearch.errand({ body, query: send.text, say: () => undefined })
        : undefined;
    const quote = gateway.quote({ caller, surface: 'openai-chat', body, errand });
    const range = quote.range();
    const shares = await this.#deps.sharesOf(actor, {
      className: quote.model.className,
      most: quote.amounts(quote.outputTokensMax),
      usualShare: range.maxNanoUsd === 0 ? 1 : range.expectedNanoUsd / range.maxNanoUsd,
    });
    return { ...range, shares };
  }

  async #pathTo(actor: ChatActor, send: Send): Promise<readonly Message[]> {
    if (send.conversation === undefined) {
      if (send.parent !== undefined)
        throw new DomainError('invalid_request', 'A parent belongs to a conversation.', {
          field: 'parent',
        });
      return [];
    }
    await readConversation(this.#deps.pool, actor, send.conversation);
    return this.#path(send.conversation, send.parent);
  }

  async #path(
    conversation: Id<'conversation'>,
    leaf: Id<'message'> | undefined,
  ): Promise<readonly Message[]> {
    if (leaf === undefined) return [];
    const { pool } = this.#deps;
    const tree = await readTree(pool, conversation);
    if (!tree.has(leaf))
      throw new DomainError('not_found', 'There is no such message in this conversation.', {
        field: 'parent',
      });
    const ids = tree.path(leaf).map(({ id }) => id);
    return readMessages(pool, conversation, ids);
  }

  async #prompt(
    actor: ChatActor,
    caller: Caller,
    asking: Asking,
    path: readonly Message[],
  ): Promise<Buffer> {
    const { pool, models, webSearch } = this.#deps;
    const [model] = models.candidates(caller.subject, asking.model);
    if (model === undefined)
      throw new DomainError('model_not_found', `There is no model named ${asking.model} here.`, {
        field: 'model',
      });
    if (asking.search && webSearch === undefined)
      throw new DomainError('invalid_request', 'Web search is not set up here.', {
        field: 'search',
      });
    const settings: ChatSettings = await readSettings(pool, actor);
    const ids = path.flatMap(({ parts }) => parts.flatMap(attachmentOf));
    const attachments = new Map<string, Attachment>(
      (await readAttachments(pool, actor, [...new Set(ids)])).map((file) => [file.id, file]),
    );
    return promptOf({
      model: asking.model,
      effort: asking.effort,
      path,
      attachments,
      settings,
      contextTokens: model.contextTokens,
      findings: asking.search ? webSearch?.placeholder() : undefined,
    });
  }

  /** Writes all of it down in one transaction, and only then runs it. */
  async #answer(
    answering: Answering,
    write: (client: PoolClient) => Promise<void>,
  ): Promise<Begun> {
    const { pool, clock, random, generator, owner, webSearch } = this.#deps;
    const { actor, caller, conversation, message, asking, body, query } = answering;
    const generation = newId('generation', clock, random);
    const nowMs = clock.nowMs();
    await transaction(pool, async (client) => {
      await write(client);
      await touchConversation(client, conversation, {
        leaf: message,
        nowMs,
        model: asking.model,
      });
      await insertGeneration(client, {
        id: generation,
        conversation,
        message,
        memberId: actor.memberId,
        owner: owner(),
        model: asking.model,
        baseParts: answering.baseParts,
        nowMs,
      });
    });
    const searches = asking.search && webSearch && query !== undefined && query !== '';
    generator.start({
      id: generation,
      caller,
      body,
      search: searches ? (say) => webSearch.errand({ body, query, say }) : undefined,
    });
    return { conversation, userMessage: undefined, message, generation };
  }
}

function partOfFile(file: Attachment): Part {
  return {
    type: file.kind === 'image' ? 'image' : 'file',
    attachment: file.id,
    name: file.name,
    mediaType: file.mediaType,
    bytes: file.content.length,
  };
}

function attachmentOf(part: Part): readonly Id<'attachment'>[] {
  return part.type === 'image' || part.type === 'file' ? [part.attachment] : [];
}

function queryText(message: Message): string {
  return message.parts.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
}
