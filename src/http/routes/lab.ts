import { z } from 'zod';
import { BOOKS } from '#base/book.ts';
import { DomainError } from '#base/domain-error.ts';
import type { Behaviour } from '#lab/behaviour.ts';
import { behaviourShape } from '#lab/lab.schema.ts';
import type { LakeBook } from '#lake/import/import-book.ts';
import { fixChoice, idParam, priceField } from '../fields.ts';
import { importedBookField } from './lab-imports.ts';
import { route, type Route } from '../route.ts';
import type { LongWork } from '../services.ts';

/** Whether a run goes on when its caller leaves: a page that is loaded again follows it by its number. */
const keep = z.boolean().default(false);
const seed = z.number().int().min(0).max(4_294_967_295).default(1);
const question = {
  /** Absent: the live book where anything happened in it, else the demo. */
  book: z.union([z.enum(BOOKS), importedBookField]).optional(),
  behaviour: behaviourShape.partial().transform(withoutGaps).optional(),
  seed,
  /** First UTC day that counts; what was before is replayed and not counted. */
  from: z.iso.date().optional(),
};

/** What a question has of the optional fields. */
function askedOf({
  book,
  behaviour,
  seed: given,
  from,
}: {
  book?: LakeBook | undefined;
  behaviour?: Partial<Behaviour> | undefined;
  seed: number;
  from?: string | undefined;
}) {
  return {
    ...(book !== undefined && { book }),
    ...(behaviour !== undefined && { behaviour }),
    seed: given,
    ...(from !== undefined && { fromDay: from }),
  };
}

/** Without the fields that were left out. */
function withoutGaps<T extends object>(
  fields: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

/** The price lab. The shapes of what comes back are in `lab/lab.schema.ts`. */
export const labRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/lab/seal',
    role: 'operator',
    summary:
      'Brings the lake up to the books, days that changed sealed anew; streams its progress.',
    streams: true,
    input: z.object({ book: z.enum(BOOKS).default('live') }),
    run:
      async ({ input, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.run({ kind: 'seal', book: input.book }, progress, signal),
  }),
  route({
    method: 'POST',
    path: '/lab/replay',
    role: 'operator',
    summary:
      'Replays the recorded requests against a breakeven.yaml; streams its progress, then the result.',
    streams: true,
    input: z.object({ ...question, document: z.string().min(1).max(2_000_000).optional(), keep }),
    run:
      async ({ input, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.run(
          {
            kind: 'replay',
            ...askedOf(input),
            ...(input.document !== undefined && { document: input.document }),
          },
          progress,
          input.keep ? undefined : signal,
        ),
  }),
  route({
    method: 'POST',
    path: '/lab/recommend',
    role: 'operator',
    summary:
      'Looks for the change of a plan that reaches a margin with the least harm; streams its progress, then the result.',
    streams: true,
    input: z.object({
      ...question,
      /** Absent: the paid plan that loses most. */
      plan: z.string().min(1).max(40).optional(),
      targetMargin: z.number().min(-10).max(0.99).default(0.1),
      harmMax: z.number().min(0).max(1).default(0.1),
      billMax: z.number().min(1).max(100).default(2),
      keep,
    }),
    run:
      async ({ input, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.run(
          {
            kind: 'recommend',
            ...askedOf(input),
            ...(input.plan !== undefined && { plan: input.plan }),
            targetMargin: input.targetMargin,
            harmMax: input.harmMax,
            billMax: input.billMax,
          },
          progress,
          input.keep ? undefined : signal,
        ),
  }),
  route({
    method: 'GET',
    path: '/lab/runs',
    role: 'support',
    summary: 'Runs of the lab that are going on or waiting.',
    run: ({ services }) => services.lab.runs(),
  }),
  route({
    method: 'GET',
    path: '/lab/runs/:run',
    role: 'support',
    summary: 'Listens to a run of the lab: streams its progress, then its result.',
    streams: true,
    run:
      async ({ params, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.follow(runOf(params['run']), progress, signal),
  }),
  route({
    method: 'DELETE',
    path: '/lab/runs/:run',
    role: 'operator',
    summary: 'Cancels a run of the lab.',
    run: ({ params, services }) => services.lab.cancel(runOf(params['run'])),
  }),
  route({
    method: 'GET',
    path: '/lab/results',
    role: 'support',
    summary: 'Results of the lab, newest first.',
    input: z.object({ limit: z.coerce.number().int().min(1).max(200).default(20) }),
    run: ({ input, services }) => services.lab.results(input.limit),
  }),
  route({
    method: 'GET',
    path: '/lab/results/:result',
    role: 'support',
    summary: 'One result of the lab, whole: inputs, seed, versions, figures, subscribers.',
    run: ({ params, services }) => services.lab.result(idParam('labResult', params['result'])),
  }),
  route({
    method: 'GET',
    path: '/lab/results/:result/fixes/:fix',
    role: 'support',
    summary:
      'One fix of a recommendation (0 = the plan as it is), in words and as a breakeven.yaml; `price` in dollars instead of its own.',
    input: z.object({ price: priceField.optional() }),
    run: ({ input, params, services }) =>
      services.lab.fix(
        idParam('labResult', params['result']),
        fixChoice(params['fix'], input.price),
      ),
  }),
  route({
    method: 'POST',
    path: '/lab/results/:result/fixes/:fix/replay',
    role: 'operator',
    summary:
      'Replays one fix of a recommendation on every subscriber, with what they do about it; streams its progress, then the figures.',
    streams: true,
    input: z.object({ price: priceField.optional() }),
    run:
      async ({ input, params, services }): Promise<LongWork> =>
      (progress, signal) =>
        services.lab.tryFix(
          idParam('labResult', params['result']),
          fixChoice(params['fix'], input.price),
          progress,
          signal,
        ),
  }),
  route({
    method: 'GET',
    path: '/lab/assumptions',
    role: 'support',
    summary: 'What the lab assumes of behaviour unless told otherwise.',
    run: ({ services }) => services.lab.assumptions(),
  }),
];

function runOf(text: string | undefined): number {
  const run = Number(text);
  if (!Number.isSafeInteger(run)) throw new DomainError('not_found', `${text ?? ''} is no run.`);
  return run;
}
