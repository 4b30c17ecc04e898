import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { nanoUsd } from '#base/money.ts';
import { usageOf } from '#metering/usage.ts';
import { flatTier, testPrice } from '#pricing/testing-prices.ts';
import { hardwareCost, ownHardware } from './own-hardware.ts';

const file = fileURLToPath(
  new URL(
    '../../../shared/data/facts/deepseek-inference-economics-2025-02-28.json',
    import.meta.url,
  ),
);
if (!existsSync(file)) console.log('skipped: DeepSeek’s day is not beside the project');

it.skipIf(!existsSync(file))('reproduces the day that DeepSeek published', () => {
  const day = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly window_hours: number;
    readonly avg_nodes: number;
    readonly gpus_per_node: number;
    readonly assumed_gpu_hour_usd: number;
    readonly input_tokens: number;
    readonly input_cache_hit_tokens: number;
    readonly output_tokens: number;
    readonly prices_usd_per_mtok: {
      input_cache_hit: number;
      input_cache_miss: number;
      output: number;
    };
    readonly published: {
      daily_cost_usd: number;
      theoretical_daily_revenue_usd: number;
      cost_profit_margin_pct: number;
    };
  };
  const rates = day.prices_usd_per_mtok;
  const result = ownHardware(
    {
      nodes: day.avg_nodes,
      gpusPerNode: day.gpus_per_node,
      gpuHourNanoUsd: nanoUsd(day.assumed_gpu_hour_usd * 1e9),
      hours: day.window_hours,
    },
    usageOf({
      input: day.input_tokens - day.input_cache_hit_tokens,
      input_cached: day.input_cache_hit_tokens,
      output: day.output_tokens,
    }),
    testPrice(
      flatTier({
        input: Math.round(rates.input_cache_miss * 1e6),
        input_cached: Math.round(rates.input_cache_hit * 1e6),
        output: Math.round(rates.output * 1e6),
      }),
    ),
  );
  const { daily_cost_usd, theoretical_daily_revenue_usd, cost_profit_margin_pct } = day.published;
  expect(Math.abs(result.costNanoUsd / 1e9 / daily_cost_usd - 1)).toBeLessThan(0.001);
  const revenue = result.revenueNanoUsd / 1e9 / theoretical_daily_revenue_usd;
  expect(Math.abs(revenue - 1)).toBeLessThan(0.001);
  expect(Math.abs(100 * result.profitOnCost - cost_profit_margin_pct)).toBeLessThan(1);
});

it('counts idle hours, and rounds once', () => {
  const hardware = { nodes: 1, gpusPerNode: 8, gpuHourNanoUsd: nanoUsd(2_350_000_001), hours: 0.5 };
  expect(hardwareCost(hardware)).toBe(9_400_000_004);
  const price = testPrice(flatTier({ input: 1_000_000, output: 4_000_000 }));
  const result = ownHardware(hardware, usageOf({ input: 1e6, output: 1e6 }), price);
  expect(result).toMatchObject({ revenueNanoUsd: 5e9, costNanoUsdPerMillionOutput: 9_400_000_004 });
  expect(result.breakEvenShare).toBeCloseTo(1.88, 6);
  expect(result.marginShare).toBeLessThan(0);
});
