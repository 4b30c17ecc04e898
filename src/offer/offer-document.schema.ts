import { z } from 'zod';
import { MODALITIES } from '#catalog/model.ts';
import { PROTOCOLS } from '#catalog/supplier.ts';
import { CHAT_DIALECTS } from '#metering/metering.ts';
import { USAGE_UNITS } from '#metering/usage.ts';
import { GATE_SCOPES } from '#plans/plan-version.ts';
import {
  type Reading,
  readDollars,
  readDurationMs,
  readHours,
  readInstant,
  readLimit,
  readPercent,
  readTariff,
  readWeight,
  readWhenFull,
  readWindow,
} from './readable-units.ts';

/** A zod type that reads one of the notations of `readable-units.ts`. */
function notation<T>(read: (text: string) => Reading<T>) {
  return z.string().transform((text, context): T => {
    const reading = read(text);
    if ('value' in reading) return reading.value;
    context.addIssue({ code: 'custom', message: reading.problem });
    return z.NEVER;
  });
}

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a name has lower-case letters, digits and dashes');
const modelName = z.string().regex(/^[\w.:/@-]{1,120}$/, 'a model name has no spaces');
const dollars = notation(readDollars);
const durationMs = notation(readDurationMs);
const tokens = z.int().positive().max(2_000_000_000);

const supplier = z.strictObject({
  name: z.string().min(1).max(80).optional(),
  protocol: z.enum(PROTOCOLS),
  url: z.url({ protocol: /^https?$/ }).optional(),
  /** The name under which its key is stored; the supplier's own where `true`. */
  key: z.union([z.boolean(), name]).default(false),
  /** How its chat completions report usage. */
  usage: z.enum(CHAT_DIALECTS).optional(),
  enabled: z.boolean().default(true),
});

const route = z.strictObject({
  supplier: name,
  model: modelName.optional(),
  priority: z.int().min(0).max(1000).default(0),
  weight: z.int().min(1).max(1000).default(1),
  'first byte': durationMs.default(600_000),
  idle: durationMs.default(300_000),
  enabled: z.boolean().default(true),
});

const model = z.strictObject({
  name: z.string().min(1).max(80).optional(),
  aliases: z.array(modelName).default([]),
  class: name,
  context: tokens,
  output: z.int().min(0).max(2_000_000_000),
  /** The 99th percentile of its output. */
  p99: z.int().min(0),
  takes: z.array(z.enum(MODALITIES)).min(1).default(['text']),
  gives: z.array(z.enum(MODALITIES)).min(1).default(['text']),
  routes: z.array(route).min(1),
  enabled: z.boolean().default(true),
});

/** Rates stay text here: whether a price is per million depends on the unit. */
const rateFields = Object.fromEntries(
  USAGE_UNITS.map((unit) => [unit, z.string().optional()]),
) as Record<(typeof USAGE_UNITS)[number], z.ZodOptional<z.ZodString>>;
const longContext = z
  .strictObject({ above: tokens.optional(), from: tokens.optional(), ...rateFields })
  .refine((tier) => (tier.above === undefined) !== (tier.from === undefined), {
    message: 'give either `above` (that many are not yet dearer) or `from` (that many already are)',
  });
const table = { ...rateFields, 'long context': z.array(longContext).default([]) };
const price = z.strictObject({
  ...table,
  /** When it takes effect; the section's date where absent. */
  effective: notation(readInstant).optional(),
  /** Other names by which responses mean this model; a trailing `*` makes a prefix. */
  names: z.array(z.string().regex(/^[\w.:/@-]+\*?$/)).default([]),
  tiers: z.record(name, z.union([notation(readPercent), z.strictObject(table)])).default({}),
  hours: z
    .array(
      z.strictObject({
        utc: notation(readHours),
        weekdays: z
          .array(z.enum(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']))
          .min(1)
          .optional(),
        ...table,
      }),
    )
    .default([]),
});

const prices = z.strictObject({
  source: z.string().min(1).max(400),
  effective: notation(readInstant),
  models: z.record(modelName, price),
});

/** What customers pay, by the name under which we offer a model: it has no other names. */
const rates = z.strictObject({
  source: z.string().min(1).max(400).default('own rates'),
  effective: notation(readInstant),
  models: z.record(modelName, price.omit({ names: true })),
});

const gate = z.strictObject({
  id: name,
  limit: notation(readLimit),
  window: notation(readWindow),
  scope: z.enum(GATE_SCOPES).default('customer'),
  classes: z.array(name).default([]),
  'when full': notation(readWhenFull).default({ do: 'refuse' }),
});

const plan = z.strictObject({
  name: z.string().min(1).max(80).optional(),
  listed: z.boolean().default(true),
  price: dollars,
  period: z.literal('month').default('month'),
  seats: z.int().min(1).max(100_000).default(1),
  classes: z.record(
    name,
    z.number().transform((messages, context): number => {
      const reading = readWeight(messages);
      if ('value' in reading) return reading.value;
      context.addIssue({ code: 'custom', message: reading.problem });
      return z.NEVER;
    }),
  ),
  billing: z.enum(['included', 'metered']),
  tariff: notation(readTariff),
  gates: z.array(gate).default([]),
  credits: dollars.default(0 as never),
  /** What of the credits may be carried over; nothing where absent. */
  rollover: dollars.optional(),
  'overage cap': dollars.default(0 as never),
  'fare cap': dollars.optional(),
  'acquisition budget': dollars.optional(),
  overdraft: dollars.default(0 as never),
  queue: z.enum(['free', 'standard', 'priority']).default('standard'),
});

/** The shape of `breakeven.yaml`; `docs/pricing.md` describes it. */
export const offerDocumentSchema = z.strictObject({
  breakeven: z.literal(1, {
    error: 'the first line names the version of the format: `breakeven: 1`',
  }),
  suppliers: z.record(name, supplier),
  models: z.record(modelName, model),
  prices: z.record(name, prices),
  rates: z.record(name, rates).default({}),
  plans: z.record(name.regex(/^[a-z]/, 'the name of a plan starts with a letter'), plan),
});

export type OfferDocument = z.infer<typeof offerDocumentSchema>;
