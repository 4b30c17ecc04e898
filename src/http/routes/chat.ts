import {
  askingSchema,
  attachSchema,
  exportSchema,
  feedbackSchema,
  idsSchema,
  listSchema,
  logSchema,
  renameSchema,
  searchSchema,
  sendSchema,
  settingsSchema,
} from '#chat/chat.schema.ts';
import { chatRoute, type ChatRoute } from '../chat-route.ts';
import { logStream } from '../log-stream.ts';

/** The chat of members. Everything is the caller's own: what belongs to another is not found. */
export const chatRoutes: readonly ChatRoute[] = [
  chatRoute({
    method: 'GET',
    path: '/chat/start',
    summary: 'Models, settings, and what is set up.',
    run: ({ actor, services }) => services.desk.start(actor),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/limits',
    summary: 'How every gate stands, and the ways on at a limit.',
    run: ({ actor, services }) => services.desk.limits(actor),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/conversations',
    summary: 'Conversations, last changed first.',
    input: listSchema,
    run: async ({ actor, input, services }) => ({
      conversations: await services.desk.list(actor, {
        limit: input.limit,
        beforeMs: input.before,
      }),
    }),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/search',
    summary: 'Conversations in whose title or messages all words stand.',
    input: searchSchema,
    run: async ({ actor, input, services }) => ({
      hits: await services.desk.search(actor, input.q, input.limit),
    }),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/conversations/:id',
    summary: 'A conversation: its shown branch in outline, and its last messages.',
    run: ({ actor, services, id }) => services.desk.open(actor, id('conversation')),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/conversations/:id/messages',
    summary: 'Messages of a conversation, whole.',
    input: idsSchema,
    run: async ({ actor, input, services, id }) => ({
      messages: await services.desk.messages(actor, id('conversation'), input.ids),
    }),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/conversations/:id/title',
    summary: 'Rename a conversation.',
    input: renameSchema,
    run: ({ actor, input, services, id }) =>
      services.desk.rename(actor, id('conversation'), input.title),
  }),
  chatRoute({
    method: 'DELETE',
    path: '/chat/conversations/:id',
    summary: 'Delete a conversation and its links.',
    run: ({ actor, services, id }) => services.desk.delete(actor, id('conversation')),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/conversations/:id/export',
    summary: 'A conversation as Markdown or JSON.',
    input: exportSchema,
    run: async ({ actor, input, services, id }) => {
      const { title, text } = await services.desk.export(actor, id('conversation'), input.format);
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
  chatRoute({
    method: 'POST',
    path: '/chat/messages',
    summary: 'Send a message; its answer begins.',
    input: sendSchema,
    run: ({ actor, input, services }) => services.chat.send(actor, input),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/quote',
    summary: 'What a message may be charged, before it is sent.',
    input: sendSchema,
    run: ({ actor, input, services }) => services.chat.quote(actor, input),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/messages/:id/regenerate',
    summary: 'Answer once more, as a branch.',
    input: askingSchema,
    run: ({ actor, input, services, id }) => services.chat.regenerate(actor, id('message'), input),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/messages/:id/continue',
    summary: 'Go on with an answer that stopped half-way.',
    input: askingSchema,
    run: ({ actor, input, services, id }) => services.chat.continue(actor, id('message'), input),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/messages/:id/show',
    summary: 'Show the branch of a message.',
    run: ({ actor, services, id }) => services.desk.showBranch(actor, id('message')),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/messages/:id/feedback',
    summary: 'Say what an answer was worth.',
    input: feedbackSchema,
    run: ({ actor, input, services, id }) => {
      const { rating, ...rest } = input;
      return services.desk.feedback(
        actor,
        id('message'),
        rating === null ? undefined : { rating, ...rest },
      );
    },
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/generations/:id/log',
    summary: 'Follow an answer from a number of its log on, as server-sent events.',
    input: logSchema,
    run: ({ actor, input, services, id, request }) => {
      const last = Number(request.headers.get('last-event-id') ?? Number.NaN);
      const after = Number.isSafeInteger(last) && last >= 0 ? last : input.after;
      return logStream((signal) =>
        services.generator.follow(actor, id('generation'), after, signal),
      );
    },
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/generations/:id/stop',
    summary: 'Stop an answer, wherever it is made.',
    run: ({ actor, services, id }) => services.generator.stop(actor, id('generation')),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/receipts/:id',
    summary: 'What an answer took and what paid for it.',
    run: ({ actor, services, id }) => services.desk.receipt(actor, id('request')),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/attachments',
    summary: 'Give a file to the next message; the body is the file.',
    input: attachSchema,
    body: 'raw',
    run: async ({ actor, input, services, request }) =>
      services.desk.attach(actor, {
        name: input.name,
        content: Buffer.from(await request.arrayBuffer()),
      }),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/attachments/:id',
    summary: 'A file of the member’s own.',
    run: async ({ actor, services, id }) => {
      const { content, mediaType, name } = await services.desk.attachment(actor, id('attachment'));
      return new Response(new Uint8Array(content), {
        headers: {
          'content-type': mediaType,
          'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}`,
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'; sandbox",
          'cache-control': 'private, max-age=86400, immutable',
        },
      });
    },
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/settings',
    summary: 'Custom instructions, and when to ask before a dear request.',
    run: ({ actor, services }) => services.desk.settings(actor),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/settings',
    summary: 'Save custom instructions and the rest.',
    input: settingsSchema,
    run: ({ actor, input, services }) => services.desk.saveSettings(actor, input),
  }),
  chatRoute({
    method: 'POST',
    path: '/chat/conversations/:id/shares',
    summary: 'Make a link to the shown branch as it is now.',
    run: ({ actor, services, id }) => services.desk.share(actor, id('conversation')),
  }),
  chatRoute({
    method: 'GET',
    path: '/chat/conversations/:id/shares',
    summary: 'The links of a conversation that work.',
    run: async ({ actor, services, id }) => ({
      shares: await services.desk.shares(actor, id('conversation')),
    }),
  }),
  chatRoute({
    method: 'DELETE',
    path: '/chat/shares/:id',
    summary: 'Revoke a link.',
    run: ({ actor, services, id }) => services.desk.revokeShare(actor, id('share')),
  }),
  chatRoute({
    method: 'GET',
    path: '/shared/:token',
    policy: 'public',
    summary: 'What a shared link leads to.',
    run: ({ services, param }) => services.desk.shared(param('token')),
  }),
];
