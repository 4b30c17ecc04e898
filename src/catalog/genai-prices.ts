import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findProvider, type ModelPrice, type Provider } from '@pydantic/genai-prices';
import { namedId } from '#base/id.ts';
import type { UsageUnit } from '#metering/usage.ts';
import {
  type ContextTier,
  completeRates,
  type DayWindow,
  type PriceVersion,
  type Rates,
  type ServiceTiers,
} from '#pricing/price.ts';
import { exactRate } from './exact-decimal.ts';
import type { NameRule } from './model-names.ts';
import { absurdities } from './price-bounds.ts';

/** What the source of an imported price begins with; the version of the table follows. */
export const IMPORT_SOURCE = '@pydantic/genai-prices';

/** A price of the table, translated. */
export interface ImportedModel {
  readonly supplier: string;
  readonly model: string;
  /** Oldest first. */
  readonly versions: readonly PriceVersion[];
  readonly names: readonly NameRule[];
  readonly contextTokensMax: number | undefined;
  readonly description: string | undefined;
}

/** A price of the table that was not taken, and why. */
export interface RefusedModel {
  readonly supplier: string;
  readonly model: string;
  readonly reasons: readonly string[];
}

export interface ImportedPrices {
  readonly source: string;
  readonly models: readonly ImportedModel[];
  readonly refused: readonly RefusedModel[];
}

/** The providers of genai-prices 0.1.8 that this importer knows how to ask for. */
export const GENAI_PROVIDERS = [
  'openai',
  'anthropic',
  'google',
  'x-ai',
  'deepseek',
  'groq',
  'mistral',
  'perplexity',
  'cohere',
  'azure',
  'aws',
  'cerebras',
  'cloudflare',
  'fireworks',
  'minimax',
  'moonshotai',
  'novita',
  'openrouter',
  'ovhcloud',
  'together',
  'voyageai',
  'zai',
  'zhipuai',
] as const;

/** Price keys of the table: our unit, and how many of it the price is for. */
const UNITS: Readonly<Record<string, { readonly unit: UsageUnit; readonly per: number }>> = {
  input_mtok: { unit: 'input', per: 1_000_000 },
  cache_read_mtok: { unit: 'input_cached', per: 1_000_000 },
  cache_write_mtok: { unit: 'cache_write_5m', per: 1_000_000 },
  cache_write_5m_mtok: { unit: 'cache_write_5m', per: 1_000_000 },
  cache_write_1h_mtok: { unit: 'cache_write_1h', per: 1_000_000 },
  output_mtok: { unit: 'output', per: 1_000_000 },
  output_reasoning_mtok: { unit: 'reasoning', per: 1_000_000 },
  input_audio_mtok: { unit: 'audio_in', per: 1_000_000 },
  cache_audio_read_mtok: { unit: 'audio_in_cached', per: 1_000_000 },
  output_audio_mtok: { unit: 'audio_out', per: 1_000_000 },
  input_image_mtok: { unit: 'image_in', per: 1_000_000 },
  cache_image_read_mtok: { unit: 'image_in_cached', per: 1_000_000 },
  output_image_mtok: { unit: 'image_out', per: 1_000_000 },
  web_searches_kcount: { unit: 'web_searches', per: 1000 },
  storage_searches_kcount: { unit: 'tool_calls', per: 1000 },
  requests_kcount: { unit: 'requests', per: 1000 },
};

/** Kinds that we meter as another one: no harm where both cost the same. */
const METERED_AS: Readonly<Record<string, keyof ModelPrice>> = {
  output_citation_mtok: 'input_mtok', // what Perplexity read
  input_video_mtok: 'input_mtok',
};

const SECONDS_PER_HOUR = 3600;
/** How the table writes "this name and a date": `^gpt-6-sol-\d{4}-\d{2}-\d{2}$`, `^claude-opus-5-\d{8}$`. */
const DATED = /^\^([\w\\./-]+?)-\\d\{(?:8|4\}-\\d\{2\}-\\d\{2)\}\$$/;

/**
 * Translates the prices that `@pydantic/genai-prices` carries for some providers; offline, and without
 * its floating-point arithmetic. Our supplier ids are the table's provider ids unless `suppliers` says
 * otherwise. The table knows no service tier but the standard one.
 */
export function readGenaiPrices(options: {
  readonly providers: readonly string[];
  readonly suppliers?: Readonly<Record<string, string>>;
  /** For tests: another source of providers. */
  readonly find?: (id: string) => Provider | undefined;
}): ImportedPrices {
  const {
    providers,
    suppliers = {},
    find = (providerId) => findProvider({ providerId }),
  } = options;
  const source = `${IMPORT_SOURCE} ${packageVersion()}`;
  const models: ImportedModel[] = [];
  const refused: RefusedModel[] = [];
  for (const id of providers) {
    const supplier = suppliers[id] ?? id;
    const provider = find(id);
    if (provider?.id !== id) {
      refused.push({ supplier, model: '*', reasons: [`${source} has no provider ${id}`] });
      continue;
    }
    for (const model of provider.models) {
      const imported = importModel(model, { supplier, source });
      if ('reasons' in imported) refused.push(imported);
      else models.push(imported);
    }
  }
  return { source, models, refused };
}

type GenaiModel = Provider['models'][number];

function importModel(
  model: GenaiModel,
  { supplier, source }: { readonly supplier: string; readonly source: string },
): ImportedModel | RefusedModel {
  const reasons: string[] = [];
  const stages = stagesOf(model, reasons);
  const versions = stages.map((stage): PriceVersion => {
    const serviceTiers = tableOf(stage.base, reasons);
    const dayWindows = stage.windows.map((window): DayWindow => ({
      fromSecond: window.fromSecond,
      toSecond: window.toSecond,
      serviceTiers: tableOf(window.prices, reasons),
    }));
    const id = priceId({
      supplier,
      model: model.id,
      effectiveFromMs: stage.fromMs,
      serviceTiers,
      dayWindows,
    });
    return {
      id,
      supplier,
      model: model.id,
      effectiveFromMs: stage.fromMs,
      serviceTiers,
      dayWindows,
      source,
    };
  });
  if (reasons.length === 0) reasons.push(...versions.flatMap(absurdities));
  if (reasons.length > 0) return { supplier, model: model.id, reasons: [...new Set(reasons)] };
  return {
    supplier,
    model: model.id,
    versions,
    names: namesOf(model),
    contextTokensMax: model.context_window,
    description: model.name,
  };
}

/** A price's id follows from what it says, so that importing the same table twice changes nothing. */
export function priceId(price: Omit<PriceVersion, 'id' | 'source'>): PriceVersion['id'] {
  const { supplier, model, effectiveFromMs, serviceTiers, dayWindows } = price;
  const text = JSON.stringify([supplier, model, effectiveFromMs, serviceTiers, dayWindows]);
  return namedId(
    'priceVersion',
    createHash('sha256').update(text).digest('hex'),
    Math.max(0, effectiveFromMs),
  );
}

interface Stage {
  readonly fromMs: number;
  base: ModelPrice;
  windows: {
    readonly fromSecond: number;
    readonly toSecond: number;
    readonly prices: ModelPrice;
  }[];
}

/**
 * The table's list of conditional prices, in which the last one that applies counts, as a sequence of
 * versions. Windows of the day hold from the start date before them on.
 */
function stagesOf(model: GenaiModel, reasons: string[]): readonly Stage[] {
  if (!Array.isArray(model.prices)) return [{ fromMs: 0, base: model.prices, windows: [] }];
  const stages: Stage[] = [];
  for (const { constraint, prices } of model.prices) {
    if (constraint === undefined) {
      stages.push({ fromMs: 0, base: prices, windows: [] });
    } else if (constraint.type === 'start_date') {
      const fromMs = Date.parse(`${constraint.start_date}T00:00:00Z`);
      if (!Number.isFinite(fromMs)) reasons.push(`start date ${constraint.start_date} is no date`);
      else stages.push({ fromMs, base: prices, windows: [] });
    } else {
      const last = stages.at(-1);
      const fromSecond = secondOf(constraint.start_time);
      const toSecond = secondOf(constraint.end_time);
      if (last === undefined || fromSecond === undefined || toSecond === undefined) {
        reasons.push('a time of the day that is not understood');
      } else last.windows.push({ fromSecond, toSecond, prices });
    }
  }
  for (const [i, stage] of stages.entries()) {
    if (i > 0 && stage.fromMs <= (stages[i - 1]?.fromMs ?? 0))
      reasons.push('start dates are not in order');
  }
  return stages;
}

function secondOf(time: string): number | undefined {
  const match = /^(\d\d):(\d\d):(\d\d)Z$/.exec(time);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map(Number) as [number, number, number];
  return hours * SECONDS_PER_HOUR + minutes * 60 + seconds;
}

function tableOf(prices: ModelPrice, reasons: string[]): ServiceTiers {
  const borders = new Set([0]);
  for (const value of Object.values(prices)) {
    if (typeof value === 'object') for (const { start } of value.tiers) borders.add(start);
  }
  const standard = [...borders]
    .toSorted((a, b) => a - b)
    .map((aboveInputTokens): ContextTier => {
      const rates: Partial<Record<UsageUnit, number>> = {};
      for (const [key, value] of Object.entries(prices)) {
        if (value === undefined) continue;
        const same = METERED_AS[key];
        if (same !== undefined && value === prices[same]) continue;
        const target = UNITS[key];
        if (target === undefined) {
          reasons.push(`${key} is no unit that we meter`);
          continue;
        }
        const dollars = typeof value === 'number' ? value : priceAbove(value, aboveInputTokens);
        const rate = exactRate(dollars, target.per);
        if (rate === undefined)
          reasons.push(`${key} ${dollars} is no whole number of pico-dollars`);
        else rates[target.unit] = rate;
      }
      return { aboveInputTokens, rates: completeTableRates(rates) };
    });
  return { standard };
}

/** In the table a start is exclusive, as our `aboveInputTokens`. */
function priceAbove(
  tiered: { base: number; tiers: { start: number; price: number }[] },
  border: number,
): number {
  let price = tiered.base;
  for (const tier of tiered.tiers) if (tier.start <= border) price = tier.price;
  return price;
}

/** In the table a kind of token without a price of its own costs what its parent costs, audio too. */
function completeTableRates(rates: Rates): Rates {
  const { input, output } = rates;
  return completeRates({
    ...(input !== undefined && { audio_in: input }),
    ...(rates.audio_in === undefined &&
      rates.input_cached !== undefined && { audio_in_cached: rates.input_cached }),
    ...(output !== undefined && { audio_out: output, image_out: output }),
    ...rates,
  });
}

function namesOf({ id, match }: GenaiModel): readonly NameRule[] {
  return alternativesOf(match)
    .filter((rule) => rule.text !== id || rule.kind === 'prefix')
    .map((rule) => ({ ...rule, model: id }));
}

function alternativesOf(logic: GenaiModel['match']): readonly Omit<NameRule, 'model'>[] {
  if ('or' in logic) return logic.or.flatMap(alternativesOf);
  // What else must hold takes out names that have an entry of their own, which goes before a prefix.
  if ('and' in logic)
    return logic.and.filter((part) => 'starts_with' in part).flatMap(alternativesOf);
  if ('equals' in logic) return [{ kind: 'exact', text: logic.equals }];
  // Responses begin with the model's own name, so what must be somewhere in it must be its beginning.
  if ('starts_with' in logic) return [{ kind: 'prefix', text: logic.starts_with }];
  if ('contains' in logic) return [{ kind: 'prefix', text: logic.contains }];
  if ('ends_with' in logic) return [{ kind: 'exact', text: logic.ends_with }];
  const dated = 'regex' in logic ? DATED.exec(logic.regex)?.[1]?.replaceAll('\\', '') : undefined;
  return dated === undefined ? [] : [{ kind: 'dated', text: dated }];
}

let version: string | undefined;
function packageVersion(): string {
  if (version === undefined) {
    const file = new URL('../package.json', import.meta.resolve('@pydantic/genai-prices'));
    version = (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return version;
}
