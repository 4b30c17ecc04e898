import type { UsageDialect } from '#metering/metering.ts';

/**
 * Responses in the vendors' own shapes with what they must cost at the starter document's prices. The
 * expected amount is the sum as one would write it on paper, evaluated by the test in `bigint`, apart
 * from the product's code.
 */
export interface CostCase {
  readonly vendor: string;
  readonly trap: string;
  readonly supplier: string;
  readonly dialect: UsageDialect;
  readonly body: unknown;
  /** When the response was completed; a Tuesday at noon UTC unless it matters. */
  readonly at?: string;
  /** Where the counts were recorded; without it they are made up after the vendor's documentation. */
  readonly recorded?: string;
  /** What the vendor or its client said that it charged, in dollars, to the decimals that it gave. */
  readonly stated?: string;
  /** `count × dollars per million tokens`, or `count × dollars` each. */
  readonly sum: readonly (readonly [count: number, dollars: string, per: 'million' | 'each'])[];
}

const openai = (model: string, usage: object, rest: object = {}): unknown => ({
  model,
  usage,
  ...rest,
});
const chat = (prompt: number, cached: number, completion: number, reasoning = 0): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: reasoning },
});
const claude = (model: string, usage: object): unknown => ({ type: 'message', model, usage });
const gemini = (modelVersion: string, usageMetadata: object): unknown => ({
  modelVersion,
  usageMetadata,
});

export const COST_CASES: readonly CostCase[] = [
  {
    vendor: 'OpenAI chat',
    trap: 'cached tokens are inside the prompt; a dated model has its model’s price',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-4o-2024-08-06', chat(2006, 1920, 300)),
    sum: [
      [86, '2.50', 'million'],
      [1920, '1.25', 'million'],
      [300, '10', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'a snapshot with a price of its own keeps it',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-4o-2024-05-13', chat(1000, 0, 100)),
    sum: [
      [1000, '5', 'million'],
      [100, '15', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'reasoning is inside completion and billed as output',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-5-2025-08-07', chat(1117, 0, 1646, 1024), { service_tier: 'default' }),
    sum: [
      [1117, '1.25', 'million'],
      [1646, '10', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'flex tier, by the response',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('o3-2025-04-16', chat(1000, 400, 500, 448), { service_tier: 'flex' }),
    sum: [
      [600, '1', 'million'],
      [400, '0.25', 'million'],
      [500, '4', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'priority tier, with its own cached rate',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-4.1-2025-04-14', chat(1000, 400, 500), { service_tier: 'priority' }),
    sum: [
      [600, '3.50', 'million'],
      [400, '0.875', 'million'],
      [500, '14', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'exactly 272,000 input tokens are not yet long context',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-6-sol', chat(272_000, 0, 10)),
    sum: [
      [272_000, '2', 'million'],
      [10, '10', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'one token more re-prices the whole request',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-6-sol', chat(272_001, 1, 10)),
    sum: [
      [272_000, '4', 'million'],
      [1, '0.40', 'million'],
      [10, '15', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'flex halves long context too; cache writes at 1.25×',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai(
      'gpt-6-sol',
      {
        prompt_tokens: 300_000,
        completion_tokens: 1000,
        total_tokens: 301_000,
        prompt_tokens_details: { cached_tokens: 100_000, cache_write_tokens: 50_000 },
      },
      { service_tier: 'flex' },
    ),
    sum: [
      [150_000, '2', 'million'],
      [100_000, '0.20', 'million'],
      [50_000, '2.50', 'million'],
      [1000, '7.50', 'million'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'half a nano-dollar is rounded once, to even (137.5 nano-dollars)',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: openai('gpt-5-mini', chat(2, 1, 0), { service_tier: 'flex' }),
    sum: [
      [1, '0.125', 'million'],
      [1, '0.0125', 'million'],
    ],
  },
  {
    vendor: 'OpenAI Responses',
    trap: 'a search is billed beside its tokens',
    supplier: 'openai',
    dialect: 'openai-responses',
    body: {
      object: 'response',
      model: 'gpt-5-mini-2025-08-07',
      status: 'completed',
      service_tier: 'default',
      output: [{ type: 'web_search_call', status: 'completed', action: { type: 'search' } }],
      usage: {
        input_tokens: 328,
        input_tokens_details: { cached_tokens: 128 },
        output_tokens: 356,
        output_tokens_details: { reasoning_tokens: 64 },
        total_tokens: 684,
      },
    },
    sum: [
      [200, '0.25', 'million'],
      [128, '0.025', 'million'],
      [356, '2', 'million'],
      [1, '0.01', 'each'],
    ],
  },
  {
    vendor: 'OpenAI embeddings',
    trap: 'input only',
    supplier: 'openai',
    dialect: 'openai-embeddings',
    body: openai('text-embedding-3-small', { prompt_tokens: 8, total_tokens: 8 }),
    sum: [[8, '0.02', 'million']],
  },
  {
    vendor: 'Anthropic',
    trap: 'four kinds of input, disjoint; five-minute and one-hour writes have their own rates',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: claude('claude-sonnet-4-5-20250929', {
      input_tokens: 2048,
      cache_read_input_tokens: 1800,
      cache_creation_input_tokens: 248,
      cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
      output_tokens: 503,
      service_tier: 'standard',
    }),
    sum: [
      [2048, '3', 'million'],
      [1800, '0.30', 'million'],
      [148, '3.75', 'million'],
      [100, '6', 'million'],
      [503, '15', 'million'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'cached and written tokens count for the long context',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: claude('claude-sonnet-4-5-20250929', {
      input_tokens: 1,
      cache_read_input_tokens: 150_000,
      cache_creation_input_tokens: 50_000,
      output_tokens: 10,
    }),
    sum: [
      [1, '6', 'million'],
      [150_000, '0.60', 'million'],
      [50_000, '7.50', 'million'],
      [10, '22.50', 'million'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'batches are half price, searches are not',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: claude('claude-haiku-4-5-20251001', {
      input_tokens: 105,
      output_tokens: 6039,
      cache_read_input_tokens: 7123,
      cache_creation_input_tokens: 7345,
      server_tool_use: { web_search_requests: 1 },
      service_tier: 'batch',
    }),
    sum: [
      [105, '0.50', 'million'],
      [7123, '0.05', 'million'],
      [7345, '0.625', 'million'],
      [6039, '2.50', 'million'],
      [1, '0.01', 'each'],
    ],
  },
  {
    vendor: 'Gemini',
    trap: 'cached inside the prompt, thoughts outside the candidates, audio at its own rate',
    supplier: 'google',
    dialect: 'gemini',
    body: gemini('gemini-2.5-flash', {
      promptTokenCount: 1000,
      cachedContentTokenCount: 300,
      candidatesTokenCount: 50,
      thoughtsTokenCount: 200,
      totalTokenCount: 1250,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 800 },
        { modality: 'AUDIO', tokenCount: 200 },
      ],
      cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 300 }],
    }),
    sum: [
      [500, '0.30', 'million'],
      [300, '0.03', 'million'],
      [200, '1', 'million'],
      [250, '2.50', 'million'],
    ],
  },
  {
    vendor: 'Gemini',
    trap: '200,001 prompt tokens are long context',
    supplier: 'google',
    dialect: 'gemini',
    body: gemini('gemini-2.5-pro', {
      promptTokenCount: 200_001,
      candidatesTokenCount: 100,
      totalTokenCount: 200_101,
    }),
    sum: [
      [200_001, '2.50', 'million'],
      [100, '15', 'million'],
    ],
  },
  {
    vendor: 'DeepSeek',
    trap: 'hit and miss make the prompt; off-peak at noon',
    supplier: 'deepseek',
    dialect: 'deepseek',
    body: openai('deepseek-v4-pro', {
      prompt_tokens: 1000,
      completion_tokens: 100,
      total_tokens: 1100,
      prompt_cache_hit_tokens: 640,
      prompt_cache_miss_tokens: 360,
    }),
    sum: [
      [360, '0.66', 'million'],
      [640, '0.022', 'million'],
      [100, '1.98', 'million'],
    ],
  },
  {
    vendor: 'DeepSeek',
    trap: 'twice as dear from 01:00 UTC on a weekday',
    supplier: 'deepseek',
    dialect: 'deepseek',
    at: '2026-11-24T01:00:00Z',
    body: openai('deepseek-v4-pro', {
      prompt_tokens: 1000,
      completion_tokens: 100,
      total_tokens: 1100,
      prompt_cache_hit_tokens: 640,
      prompt_cache_miss_tokens: 360,
    }),
    sum: [
      [360, '1.32', 'million'],
      [640, '0.044', 'million'],
      [100, '3.96', 'million'],
    ],
  },
  {
    vendor: 'DeepSeek',
    trap: 'but not on a Saturday',
    supplier: 'deepseek',
    dialect: 'deepseek',
    at: '2026-11-28T01:00:00Z',
    body: openai('deepseek-flash', { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }),
    sum: [
      [7, '0.15', 'million'],
      [3, '0.60', 'million'],
    ],
  },
  {
    vendor: 'xAI chat',
    trap: 'reasoning is outside completion; 200,000 tokens already are long context',
    supplier: 'x-ai',
    dialect: 'xai-chat',
    body: openai('grok-4.6', {
      prompt_tokens: 200_000,
      completion_tokens: 10,
      total_tokens: 200_110,
      prompt_tokens_details: { cached_tokens: 1000 },
      completion_tokens_details: { reasoning_tokens: 100 },
    }),
    sum: [
      [199_000, '4', 'million'],
      [1000, '1', 'million'],
      [110, '12', 'million'],
    ],
  },
  {
    vendor: 'Groq',
    trap: '`on_demand` is its standard tier',
    supplier: 'groq',
    dialect: 'groq',
    body: openai('llama-3.3-70b-versatile', chat(18, 0, 556), { service_tier: 'on_demand' }),
    sum: [
      [18, '0.59', 'million'],
      [556, '0.79', 'million'],
    ],
  },
  {
    vendor: 'Mistral',
    trap: 'plain prompt and completion',
    supplier: 'mistral',
    dialect: 'mistral',
    body: openai('mistral-small-2603', chat(3, 0, 1)),
    sum: [
      [3, '0.15', 'million'],
      [1, '0.60', 'million'],
    ],
  },
  {
    vendor: 'Perplexity',
    trap: 'each request costs beside its tokens',
    supplier: 'perplexity',
    dialect: 'perplexity',
    body: openai('sonar-pro', { prompt_tokens: 8, completion_tokens: 439, total_tokens: 447 }),
    sum: [
      [8, '3', 'million'],
      [439, '15', 'million'],
      [1, '0.014', 'each'],
    ],
  },
];
