import {
  type DayWindow,
  STANDARD_TIER,
  type PriceVersion,
  type Rates,
  type ServiceTiers,
} from '#pricing/price.ts';

/** One figure that differs. `undefined`: the price does not have it. */
export interface RateChange {
  /** Where in the price: service tier, context border, hours of the day. Empty for the plain list price. */
  readonly where: string;
  readonly unit: string;
  readonly fromPicoUsd: number | undefined;
  readonly toPicoUsd: number | undefined;
}

type Table = Pick<PriceVersion, 'serviceTiers' | 'dayWindows'>;

/** Every rate in which two prices differ; empty where they say the same. */
export function diffRates(from: Table, to: Table): readonly RateChange[] {
  const before = flatten(from);
  const after = flatten(to);
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys.flatMap((key): RateChange[] => {
    const fromPicoUsd = before.get(key);
    const toPicoUsd = after.get(key);
    if (fromPicoUsd === toPicoUsd) return [];
    const [where = '', unit = ''] = key.split('\t');
    return [{ where, unit, fromPicoUsd, toPicoUsd }];
  });
}

function flatten({ serviceTiers, dayWindows }: Table): Map<string, number> {
  const flat = new Map<string, number>();
  const add = (table: ServiceTiers, hours: string): void => {
    for (const [name, tiers] of Object.entries(table)) {
      for (const { aboveInputTokens, rates } of tiers) {
        const where = [
          name === STANDARD_TIER ? '' : name,
          aboveInputTokens === 0 ? '' : `above ${aboveInputTokens} tokens`,
          hours,
        ];
        addRates(flat, where.filter((word) => word !== '').join(', '), rates);
      }
    }
  };
  add(serviceTiers, '');
  for (const window of dayWindows) add(window.serviceTiers, hoursOf(window));
  return flat;
}

function addRates(flat: Map<string, number>, where: string, rates: Rates): void {
  for (const [unit, rate] of Object.entries(rates)) flat.set(`${where}\t${unit}`, rate);
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function hoursOf({ fromSecond, toSecond, weekdays }: DayWindow): string {
  const days = weekdays === undefined ? '' : ` ${weekdays.map((day) => WEEKDAYS[day]).join(' ')}`;
  return `${hourOf(fromSecond)}–${hourOf(toSecond)} UTC${days}`;
}

function hourOf(second: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}`;
}

const COUNTED = new Set(['images_made', 'video_seconds', 'web_searches', 'tool_calls', 'requests']);

/** A rate as price lists print it: dollars per million tokens, or per single thing; exact. */
function formatRate(unit: string, picoUsd: number | undefined): string {
  if (picoUsd === undefined) return 'none';
  const scale = COUNTED.has(unit) ? 12 : 6;
  const digits = String(picoUsd).padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '').padEnd(2, '0');
  return `$${digits.slice(0, -scale)}.${fraction}${scale === 6 ? ' per million' : ' each'}`;
}

/** `input $1.25 per million → $1.00 per million`, with its place in the table. */
export function describeRateChange({ where, unit, fromPicoUsd, toPicoUsd }: RateChange): string {
  const place = where === '' ? '' : ` (${where})`;
  return `${unit}${place} ${formatRate(unit, fromPicoUsd)} → ${formatRate(unit, toPicoUsd)}`;
}
