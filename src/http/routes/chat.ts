import {
  askingSchema,
  attachSchema,
  exportSchema,
  feedbackSchema,
  idsSchema,
  listSchema,
  logSchema,
  pictureSchema,
  renameSchema,
  searchSchema,
  sendSchema,
  settingsSchema,
} from '#chat/chat.schema.ts';
import type { ChatActor } from '#chat/actor.ts';
import { DomainError } from '#base/domain-error.ts';
import { type Id, type IdKind, parseId } from '#base/id.ts';
import { memberRoute, publicRoute, type Route, type RouteCall } from '../route.ts';
import { logStream } from '../log-stream.ts';

/** The chat of members. Everything is the caller's own: what belongs to another is not found. */
export const chatRoutes: readonly Route[] = [
  memberRoute({
    method: 'GET',
    path: '/chat/start',
    summary: 'Models, settings, and what is set up.',
    run: ({ member, caller, services }) => services.chat.desk.start(actorOf({ member, caller })),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/limits',
    summary: 'How every gate stands, and the ways on at a limit.',
    run: ({ member, caller, services }) => services.chat.desk.limits(actorOf({ member, caller })),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/conversations',
    summary: 'Conversations, last changed first.',
    input: listSchema,
    run: async ({ member, caller, input, services }) => ({
      conversations: await services.chat.desk.list(actorOf({ member, caller }), {
        limit: input.limit,
        beforeMs: input.before,
      }),
    }),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/search',
    summary: 'Conversations in whose title or messages all words stand.',
    input: searchSchema,
    run: async ({ member, caller, input, services }) => ({
      hits: await services.chat.desk.search(actorOf({ member, caller }), input.q, input.limit),
    }),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/conversations/:id',
    summary: 'A conversation: its shown branch in outline, and its last messages.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.open(actorOf({ member, caller }), idOf('conversation', params)),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/conversations/:id/messages',
    summary: 'Messages of a conversation, whole.',
    input: idsSchema,
    run: async ({ member, caller, input, services, params }) => ({
      messages: await services.chat.desk.messages(
        actorOf({ member, caller }),
        idOf('conversation', params),
        input.ids,
      ),
    }),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/conversations/:id/title',
    summary: 'Rename a conversation.',
    input: renameSchema,
    run: ({ member, caller, input, services, params }) =>
      services.chat.desk.rename(
        actorOf({ member, caller }),
        idOf('conversation', params),
        input.title,
      ),
  }),
  memberRoute({
    method: 'DELETE',
    path: '/chat/conversations/:id',
    summary: 'Delete a conversation and its links.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.delete(actorOf({ member, caller }), idOf('conversation', params)),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/conversations/:id/export',
    summary: 'A conversation as Markdown or JSON.',
    input: exportSchema,
    run: async ({ member, caller, input, services, params }) => {
      const { title, text } = await services.chat.desk.export(
        actorOf({ member, caller }),
        idOf('conversation', params),
        input.format,
      );
      const isJson = input.format === 'json';
      const name = `${title.replaceAll(/[^\p{L}\p{N} _-]/gu, '').trim() || 'conversation'}.${isJson ? 'json' : 'md'}`;
      return new Response(text, {
        headers: {
          'content-type': isJson ? 'application/json' : 'text/markdown; charset=utf-8',
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
          'cache-control': 'no-store',
        },
      });
    },
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/messages',
    summary: 'Send a message; its answer begins.',
    input: sendSchema,
    run: ({ member, caller, input, services }) =>
      services.chat.chat.send(actorOf({ member, caller }), input),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/quote',
    summary: 'What a message may be charged, before it is sent.',
    input: sendSchema,
    run: ({ member, caller, input, services }) =>
      services.chat.chat.quote(actorOf({ member, caller }), input),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/messages/:id/regenerate',
    summary: 'Answer once more, as a branch.',
    input: askingSchema,
    run: ({ member, caller, input, services, params }) =>
      services.chat.chat.regenerate(actorOf({ member, caller }), idOf('message', params), input),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/messages/:id/continue',
    summary: 'Go on with an answer that stopped half-way.',
    input: askingSchema,
    run: ({ member, caller, input, services, params }) =>
      services.chat.chat.continue(actorOf({ member, caller }), idOf('message', params), input),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/messages/:id/show',
    summary: 'Show the branch of a message.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.showBranch(actorOf({ member, caller }), idOf('message', params)),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/messages/:id/feedback',
    summary: 'Say what an answer was worth.',
    input: feedbackSchema,
    run: ({ member, caller, input, services, params }) => {
      const { rating, ...rest } = input;
      return services.chat.desk.feedback(
        actorOf({ member, caller }),
        idOf('message', params),
        rating === null ? undefined : { rating, ...rest },
      );
    },
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/generations/:id/log',
    summary: 'Follow an answer from a number of its log on, as server-sent events.',
    input: logSchema,
    run: ({ member, caller, input, services, params, request }) => {
      const last = Number(request.headers.get('last-event-id') ?? Number.NaN);
      const after = Number.isSafeInteger(last) && last >= 0 ? last : input.after;
      return logStream((signal) =>
        services.chat.generator.follow(
          actorOf({ member, caller }),
          idOf('generation', params),
          after,
          signal,
        ),
      );
    },
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/generations/:id/stop',
    summary: 'Stop an answer, wherever it is made.',
    run: ({ member, caller, services, params }) =>
      services.chat.generator.stop(actorOf({ member, caller }), idOf('generation', params)),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/receipts/:id',
    summary: 'What an answer took and what paid for it.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.receipt(actorOf({ member, caller }), idOf('request', params)),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/attachments',
    summary: 'Give a file to the next message; the body is the file.',
    run: async ({ member, caller, services, request }) =>
      services.chat.desk.attach(actorOf({ member, caller }), {
        name: fileName(request),
        content: Buffer.from(await request.arrayBuffer()),
      }),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/attachments/:id',
    summary: 'A file of the member’s own.',
    run: async ({ member, caller, services, params }) => {
      const { content, mediaType, name } = await services.chat.desk.attachment(
        actorOf({ member, caller }),
        idOf('attachment', params),
      );
      return fileOf(content, mediaType, name);
    },
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/picture',
    summary: 'A picture of the public web that an answer names, read by the server.',
    input: pictureSchema,
    run: async ({ input, services }) => {
      const { content, mediaType } = await services.chat.desk.picture(input.url);
      return fileOf(content, mediaType, 'picture');
    },
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/settings',
    summary: 'Custom instructions, and when to ask before a dear request.',
    run: ({ member, caller, services }) => services.chat.desk.settings(actorOf({ member, caller })),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/settings',
    summary: 'Save custom instructions and the rest.',
    input: settingsSchema,
    run: ({ member, caller, input, services }) =>
      services.chat.desk.saveSettings(actorOf({ member, caller }), input),
  }),
  memberRoute({
    method: 'POST',
    path: '/chat/conversations/:id/shares',
    summary: 'Make a link to the shown branch as it is now.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.share(actorOf({ member, caller }), idOf('conversation', params)),
  }),
  memberRoute({
    method: 'GET',
    path: '/chat/conversations/:id/shares',
    summary: 'The links of a conversation that work.',
    run: async ({ member, caller, services, params }) => ({
      shares: await services.chat.desk.shares(
        actorOf({ member, caller }),
        idOf('conversation', params),
      ),
    }),
  }),
  memberRoute({
    method: 'DELETE',
    path: '/chat/shares/:id',
    summary: 'Revoke a link.',
    run: ({ member, caller, services, params }) =>
      services.chat.desk.revokeShare(actorOf({ member, caller }), idOf('share', params)),
  }),
  publicRoute({
    method: 'GET',
    path: '/shared/:token',
    summary: 'What a shared link leads to.',
    run: ({ services, params }) => services.chat.desk.shared(params['token'] ?? ''),
  }),
];

/** A file that somebody else made: it can run nothing, whatever it is. */
function fileOf(content: Buffer, mediaType: string, name: string): Response {
  return new Response(new Uint8Array(content), {
    headers: {
      'content-type': mediaType,
      'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, max-age=86400, immutable',
    },
  });
}

/** @throws DomainError `invalid_request` */
function fileName(request: Request): string {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const parsed = attachSchema.safeParse(query);
  if (parsed.success) return parsed.data.name;
  throw new DomainError('invalid_request', 'Say `name`, with 1 to 255 characters.', {
    field: 'name',
  });
}

function actorOf({ member, caller }: Pick<RouteCall<unknown>, 'member' | 'caller'>): ChatActor {
  const { book, customerId, memberId } = member;
  return { book, customerId, memberId, key: caller?.key };
}

/** @throws DomainError `not_found` where the path's part is no such id */
function idOf<Kind extends IdKind>(kind: Kind, params: Readonly<Record<string, string>>): Id<Kind> {
  const found = parseId(kind, params['id'] ?? '');
  if (!found) throw new DomainError('not_found', `There is no such ${kind}.`, { field: 'id' });
  return found;
}
