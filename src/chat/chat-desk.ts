import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { Receipt } from '#admission/receipt.store.ts';
import type { Standings } from '#admission/standings.store.ts';
import type { Clock } from '#base/clock.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, newId } from '#base/id.ts';
import type { Random } from '#base/random.ts';
import type { Caller } from '#gateway/caller.ts';
import type { ModelDirectory } from '#gateway/model-directory.ts';
import type { PlanVersion } from '#plans/plan-version.ts';
import type { ChatActor } from './actor.ts';
import {
  type Attachment,
  ATTACHMENT_BYTES_MAX,
  imageTypeOf,
  inspectAttachment,
} from './attachment.ts';
import { insertAttachment, readAttachments } from './attachments.store.ts';
import { type ChatSettings, readSettings, saveSettings } from './chat-settings.store.ts';
import type { Conversation, Message, MessageOutline } from './conversation.ts';
import {
  deleteConversation,
  listConversations,
  moveLeaf,
  readConversation,
  renameConversation,
  searchConversations,
} from './conversations.store.ts';
import { jsonOf, markdownOf } from './export.ts';
import { type Feedback, saveFeedback } from './feedback.store.ts';
import { type Limits, limitsOf } from './limits.ts';
import { findMessage, readMessages, readTree } from './messages.store.ts';
import { isPdf, pdfText } from './pdf-text.ts';
import { type Part, textOf } from './part.ts';
import { readRecentUse } from './recent-use.store.ts';
import { queryOf } from './search-terms.ts';
import { findShare, insertShare, listShares, revokeShare, type Share } from './shares.store.ts';

export interface ChatDeskDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly random: Random;
  readonly models: ModelDirectory;
  readonly callerOf: (actor: ChatActor) => Promise<Caller>;
  readonly standings: (actor: ChatActor, nowMs: number) => Promise<Standings | undefined>;
  readonly plan: (id: Id<'planVersion'>) => PlanVersion | undefined;
  readonly listedPlans: () => readonly PlanVersion[];
  readonly receipt: (
    actor: ChatActor,
    requestId: Id<'request'>,
  ) => Promise<Receipt | 'running' | undefined>;
  readonly hasWebSearch: boolean;
  /** Of the public web only. @throws DomainError */
  readonly readPicture: (url: string) => Promise<Buffer>;
}

/** A model as the picker shows it. */
export interface ChatModel {
  readonly name: string;
  readonly displayName: string;
  readonly class: string;
  readonly efforts: readonly string[];
  readonly isSimulated: boolean;
}

export interface OpenConversation {
  readonly conversation: Conversation;
  /** The shown branch from its beginning. */
  readonly outline: readonly MessageOutline[];
  /** The last messages of it, whole. */
  readonly messages: readonly Message[];
}

export interface SearchHit {
  readonly conversation: Conversation;
  readonly message: Id<'message'> | undefined;
  readonly snippet: string;
}

const OPENED_WITH = 40;
const READ_AT_ONCE_MAX = 200;
const UNUSED_ATTACHMENT_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 3_600_000;
const SNIPPET_BEFORE = 40;
const SNIPPET_CHARACTERS = 160;

/** Everything of the chat that generates nothing. */
export class ChatDesk {
  readonly #deps: ChatDeskDeps;

  constructor(deps: ChatDeskDeps) {
    this.#deps = deps;
  }

  /** What the chat needs to begin: models, settings, what is set up. @throws DomainError `no_subscription` */
  async start(actor: ChatActor): Promise<{
    readonly models: readonly ChatModel[];
    readonly settings: ChatSettings;
    readonly webSearch: boolean;
    readonly attachmentBytesMax: number;
  }> {
    const { subject } = await this.#deps.callerOf(actor);
    const { models, pool, hasWebSearch } = this.#deps;
    const listed = models.list(subject).flatMap((each): readonly ChatModel[] => {
      const [model] = models.candidates(subject, each.name);
      if (!model || model.outputTokensMax === 0 || model.className === 'embedding') return [];
      const thinks = model.thinksUnseen || model.className === 'reasoning';
      return [
        {
          name: each.name,
          displayName: each.displayName,
          class: model.className,
          efforts: thinks ? ['low', 'medium', 'high'] : [],
          isSimulated: each.ownedBy === 'simulator',
        },
      ];
    });
    return {
      models: listed,
      settings: await readSettings(pool, actor),
      webSearch: hasWebSearch,
      attachmentBytesMax: ATTACHMENT_BYTES_MAX,
    };
  }

  list(
    actor: ChatActor,
    page: { readonly limit: number; readonly beforeMs?: number | undefined },
  ): Promise<readonly Conversation[]> {
    return listConversations(this.#deps.pool, actor, page);
  }

  /** Conversations with all words of a text, the last of which may be a beginning. */
  async search(actor: ChatActor, text: string, limit: number): Promise<readonly SearchHit[]> {
    const query = queryOf(text);
    if (query === undefined) return [];
    const found = await searchConversations(this.#deps.pool, actor, query, limit);
    return found.map(({ conversation, message, parts }) => ({
      conversation,
      message,
      snippet: message ? snippetOf(textOf(parts as readonly Part[]), text) : '',
    }));
  }

  /** @throws DomainError `not_found` */
  async open(actor: ChatActor, id: Id<'conversation'>): Promise<OpenConversation> {
    const { pool } = this.#deps;
    const conversation = await readConversation(pool, actor, id);
    const outline = (await readTree(pool, id)).path(conversation.leaf);
    const last = outline.slice(-OPENED_WITH).map((each) => each.id);
    return { conversation, outline, messages: await readMessages(pool, id, last) };
  }

  /** @throws DomainError `not_found` */
  async messages(
    actor: ChatActor,
    id: Id<'conversation'>,
    ids: readonly Id<'message'>[],
  ): Promise<readonly Message[]> {
    const { pool } = this.#deps;
    await readConversation(pool, actor, id);
    return readMessages(pool, id, ids.slice(0, READ_AT_ONCE_MAX));
  }

  /** Shows the branch of a message, down to its newest end. @throws DomainError `not_found` */
  async showBranch(actor: ChatActor, message: Id<'message'>): Promise<OpenConversation> {
    const { pool } = this.#deps;
    const { conversation } = await findMessage(pool, actor, message);
    const tree = await readTree(pool, conversation);
    await moveLeaf(pool, conversation, tree.newestLeaf(message));
    return this.open(actor, conversation);
  }

  rename(actor: ChatActor, id: Id<'conversation'>, title: string): Promise<void> {
    return renameConversation(this.#deps.pool, actor, id, title);
  }

  delete(actor: ChatActor, id: Id<'conversation'>): Promise<void> {
    return deleteConversation(this.#deps.pool, actor, id);
  }

  /** @throws DomainError `not_found` */
  async export(
    actor: ChatActor,
    id: Id<'conversation'>,
    format: 'markdown' | 'json',
  ): Promise<{ readonly title: string; readonly text: string }> {
    const { pool } = this.#deps;
    const conversation = await readConversation(pool, actor, id);
    const tree = await readTree(pool, id);
    const ids = format === 'json' ? tree.ids : tree.path(conversation.leaf).map((each) => each.id);
    const ordered = await readMessages(pool, id, ids);
    const text =
      format === 'json' ? jsonOf(conversation, ordered) : markdownOf(conversation, ordered);
    return { title: conversation.title, text };
  }

  /** @throws DomainError `not_found` */
  async feedback(
    actor: ChatActor,
    message: Id<'message'>,
    feedback: Feedback | undefined,
  ): Promise<void> {
    const { pool, clock } = this.#deps;
    await findMessage(pool, actor, message);
    await saveFeedback(pool, actor, message, feedback, clock.nowMs());
  }

  /** @throws DomainError `body_too_large`, `invalid_request` */
  async attach(
    actor: ChatActor,
    file: { readonly name: string; readonly content: Buffer },
  ): Promise<Omit<Attachment, 'content'> & { readonly bytes: number }> {
    const { pool, clock, random } = this.#deps;
    const content = await readable(file.content);
    const { kind, mediaType } = inspectAttachment(content);
    const name =
      file.name
        .replaceAll(/[\p{C}/\\]/gu, '')
        .trim()
        .slice(-200) || 'file';
    const id = newId('attachment', clock, random);
    const nowMs = clock.nowMs();
    await insertAttachment(
      pool,
      actor,
      { id, name, kind, mediaType, content },
      { nowMs, expiresAtMs: nowMs + UNUSED_ATTACHMENT_MS },
    );
    return { id, name, kind, mediaType, bytes: content.length };
  }

  /** @throws DomainError `not_found` */
  async attachment(actor: ChatActor, id: Id<'attachment'>): Promise<Attachment> {
    const [found] = await readAttachments(this.#deps.pool, actor, [id]);
    if (!found) throw new DomainError('not_found', 'There is no such attachment.');
    return found;
  }

  /**
   * A picture of the web that an answer names, once its reader has agreed: read by the server, so that
   * its own server learns of no reader. @throws DomainError `forbidden`, `upstream_error`, `upstream_timeout`
   */
  async picture(url: string): Promise<{ readonly content: Buffer; readonly mediaType: string }> {
    const content = await this.#deps.readPicture(url);
    const mediaType = imageTypeOf(content);
    if (mediaType === undefined)
      throw new DomainError('upstream_error', 'This is no picture that can be shown.');
    return { content, mediaType };
  }

  settings(actor: ChatActor): Promise<ChatSettings> {
    return readSettings(this.#deps.pool, actor);
  }

  saveSettings(actor: ChatActor, settings: ChatSettings): Promise<void> {
    return saveSettings(this.#deps.pool, actor, settings);
  }

  /** Makes a link to the shown branch as it is now. Its token is told once. @throws DomainError `not_found`, `conflict` */
  async share(
    actor: ChatActor,
    id: Id<'conversation'>,
  ): Promise<{ readonly id: Id<'share'>; readonly token: string }> {
    const { pool, clock, random } = this.#deps;
    const { leaf, title } = await readConversation(pool, actor, id);
    if (!leaf) throw new DomainError('conflict', 'There is nothing to share yet.');
    const token = Buffer.from(random.bytes(32)).toString('base64url');
    const share = newId('share', clock, random);
    await insertShare(pool, {
      id: share,
      tokenSha256: tokenHash(token),
      conversation: id,
      leaf,
      title,
      nowMs: clock.nowMs(),
    });
    return { id: share, token };
  }

  /** @throws DomainError `not_found` */
  async shares(actor: ChatActor, id: Id<'conversation'>): Promise<readonly Share[]> {
    await readConversation(this.#deps.pool, actor, id);
    return listShares(this.#deps.pool, id);
  }

  revokeShare(actor: ChatActor, id: Id<'share'>): Promise<void> {
    return revokeShare(this.#deps.pool, actor, id, this.#deps.clock.nowMs());
  }

  /** What anybody with the link may read: texts and sources; no money, no names, no files. @throws DomainError `not_found` */
  async shared(token: string): Promise<{
    readonly title: string;
    readonly createdAtMs: number;
    readonly messages: readonly Pick<Message, 'id' | 'role' | 'parts'>[];
  }> {
    const { pool } = this.#deps;
    const share = await findShare(pool, tokenHash(token));
    if (!share)
      throw new DomainError('not_found', 'This link leads nowhere; it may have been revoked.');
    const ids = (await readTree(pool, share.conversation)).path(share.leaf).map(({ id }) => id);
    const messages = await readMessages(pool, share.conversation, ids);
    return {
      title: share.title,
      createdAtMs: share.createdAtMs,
      messages: messages.map(({ id, role, parts }) => ({
        id,
        role,
        parts: parts.filter(isSharable),
      })),
    };
  }

  /** How every gate stands, what is left, and the ways on. @throws DomainError `no_subscription` */
  async limits(actor: ChatActor): Promise<Limits> {
    const { pool, clock, models, standings: read, plan: planOf, listedPlans } = this.#deps;
    const nowMs = clock.nowMs();
    const [caller, standings, recent] = await Promise.all([
      this.#deps.callerOf(actor),
      read(actor, nowMs),
      readRecentUse(pool, actor, nowMs - HOUR_MS),
    ]);
    const plan = standings && planOf(standings.planVersionId);
    if (!standings || !plan)
      throw new DomainError('no_subscription', 'This account has no plan in force.');
    const byClass = new Map<string, string>();
    for (const { name } of models.list(caller.subject)) {
      const [model] = models.candidates(caller.subject, name);
      if (model && !byClass.has(model.className)) byClass.set(model.className, name);
    }
    byClass.delete('embedding');
    return limitsOf({ standings, plan, listed: listedPlans(), models: byClass, recent, nowMs });
  }

  /** @throws DomainError `not_found`, `conflict` (it has not ended) */
  async receipt(actor: ChatActor, id: Id<'request'>): Promise<Receipt & { planName: string }> {
    const receipt = await this.#deps.receipt(actor, id);
    if (receipt === undefined) throw new DomainError('not_found', 'There is no such receipt.');
    if (receipt === 'running')
      throw new DomainError('conflict', 'This request has not ended yet.', { retryAfterMs: 1000 });
    const plan = this.#deps.plan(receipt.planVersion);
    return { ...receipt, planName: plan ? `${plan.displayName} v${plan.version}` : '' };
  }
}

/** Of a PDF its text is kept, which every model reads; anything else stays as it came. */
async function readable(content: Buffer): Promise<Buffer> {
  const isSmall = content.length <= ATTACHMENT_BYTES_MAX;
  return isSmall && isPdf(content) ? Buffer.from(await pdfText(content)) : content;
}

function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const SHARABLE = new Set<Part['type']>(['text', 'source', 'citations', 'search']);

function isSharable({ type }: Part): boolean {
  return SHARABLE.has(type);
}

/** The text around the first word that was searched for. */
function snippetOf(text: string, searched: string): string {
  const word = searched.trim().split(/\s+/).at(-1)?.toLowerCase() ?? '';
  const at = Math.max(0, text.toLowerCase().indexOf(word));
  const from = at <= SNIPPET_BEFORE ? 0 : at - SNIPPET_BEFORE;
  const cut = text
    .slice(from, from + SNIPPET_CHARACTERS)
    // The marks of tables, headings and emphasis say nothing in one line.
    .replaceAll(/[|`]+|\*{2,}|#{1,6} |[:-]{3,}/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return `${from > 0 ? '…' : ''}${cut}${from + SNIPPET_CHARACTERS < text.length ? '…' : ''}`;
}
