import { z } from 'zod';
import { type IdKind, type Id, parseId } from '#base/id.ts';
import { ASK_ABOVE_PER_MILLE } from './chat-settings.store.ts';
import { TEXT_CHARACTERS_MAX } from './chat.ts';

/** The wire shapes of `/api/chat`. */

function id<Kind extends IdKind>(kind: Kind) {
  return z.string().transform((text, context): Id<Kind> => {
    const parsed = parseId(kind, text);
    if (parsed) return parsed;
    context.addIssue({ code: 'custom', message: `is no id of a ${kind}` });
    return z.NEVER;
  });
}

const asking = {
  model: z.string().min(1).max(200),
  effort: z.enum(['none', 'minimal', 'low', 'medium', 'high']).optional(),
  search: z.boolean().optional(),
};

export const askingSchema = z.object(asking);

export const sendSchema = z.object({
  ...asking,
  conversation: id('conversation').optional(),
  temporary: z.boolean().optional(),
  parent: id('message').optional(),
  text: z.string().max(TEXT_CHARACTERS_MAX),
  attachments: z.array(id('attachment')).max(20).default([]),
});

export const listSchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(60),
  before: z.coerce.number().int().min(0).optional(),
});

export const searchSchema = z.object({
  q: z.string().max(200),
  limit: z.coerce.number().int().min(1).max(100).default(30),
});

export const idsSchema = z.object({
  ids: z
    .string()
    .max(10_000)
    .transform((text) => text.split(',').flatMap((each) => parseId('message', each) ?? [])),
});

export const renameSchema = z.object({ title: z.string().trim().min(1).max(200) });

export const exportSchema = z.object({ format: z.enum(['markdown', 'json']).default('markdown') });

export const feedbackSchema = z.object({
  rating: z.enum(['up', 'down']).nullable(),
  reason: z.string().max(40).optional(),
  comment: z.string().max(2000).optional(),
});

export const settingsSchema = z.object({
  about: z.string().max(4000),
  style: z.string().max(4000),
  instructionsOn: z.boolean(),
  askAboveNanoUsd: z.number().int().min(0).max(1_000_000_000_000),
  askAbovePerMille: z.number().int().min(0).max(1000).default(ASK_ABOVE_PER_MILLE),
  remoteImages: z.boolean(),
});

export const logSchema = z.object({ after: z.coerce.number().int().min(0).default(0) });

export const pictureSchema = z.object({ url: z.string().min(1).max(4000) });

export const attachSchema = z.object({ name: z.string().min(1).max(255) });
