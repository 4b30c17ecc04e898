import type { CostCase } from './cost-cases.ts';

const PYDANTIC = 'github.com/pydantic/pydantic-ai, tests/models';
const VERCEL = 'github.com/vercel/ai, packages';

/** A response of xAI's with server-side tools, and what it said that it charged. */
function xaiSearches(given: {
  readonly trap: string;
  readonly recorded: string;
  readonly model: string;
  /** Input, of which cached; output, of which reasoning. */
  readonly tokens: readonly [input: number, cached: number, output: number, reasoning: number];
  readonly tools: Readonly<Record<string, number>>;
  /** One is 1e-10 USD. */
  readonly ticks: number;
  readonly rates: readonly [input: string, cached: string, output: string];
}): CostCase {
  const [input, cached, output, reasoning] = given.tokens;
  const searches = Object.values(given.tools).reduce((sum, calls) => sum + calls, 0);
  return {
    vendor: 'xAI Responses',
    trap: `the vendor’s own cost, to the tick: ${given.trap}`,
    recorded: given.recorded,
    supplier: 'x-ai',
    dialect: 'xai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: given.model,
      usage: {
        input_tokens: input,
        input_tokens_details: { cached_tokens: cached },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: reasoning },
        total_tokens: input + output,
        num_sources_used: 0,
        num_server_side_tools_used: searches,
        cost_in_usd_ticks: given.ticks,
        server_side_tool_usage_details: given.tools,
        context_details: { input_tokens: 1, output_tokens: 1 },
      },
    },
    sum: [
      [input - cached, given.rates[0], 'million'],
      [cached, given.rates[1], 'million'],
      [output, given.rates[2], 'million'],
      [searches, '0.005', 'each'],
    ],
    stated: (given.ticks / 1e10).toFixed(10),
  };
}

/**
 * Counts of real traffic that others recorded and published, in the vendors' shapes. Where the vendor
 * or its client said what it charged, our amount is compared with theirs too.
 */
export const RECORDED_COST_CASES: readonly CostCase[] = [
  {
    vendor: 'xAI chat',
    trap: 'the vendor’s own cost, to the tick: reasoning outside, most of the prompt cached',
    recorded: `${VERCEL}/xai/src/responses/__fixtures__/issue-17936-chat.json`,
    supplier: 'x-ai',
    dialect: 'xai-chat',
    body: {
      model: 'grok-4.3',
      service_tier: 'default',
      usage: {
        prompt_tokens: 197,
        completion_tokens: 1,
        total_tokens: 344,
        prompt_tokens_details: { text_tokens: 197, cached_tokens: 192 },
        completion_tokens_details: { reasoning_tokens: 146 },
        num_sources_used: 0,
        cost_in_usd_ticks: 4_121_500,
      },
    },
    sum: [
      [5, '1.25', 'million'],
      [192, '0.20', 'million'],
      [147, '2.50', 'million'],
    ],
    stated: '0.00041215',
  },
  {
    vendor: 'xAI Responses',
    trap: 'the vendor’s own cost, to the tick: reasoning inside',
    recorded: `${VERCEL}/xai/src/responses/__fixtures__/issue-17936-generate.json`,
    supplier: 'x-ai',
    dialect: 'xai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'grok-4.3',
      service_tier: 'default',
      usage: {
        input_tokens: 197,
        input_tokens_details: { cached_tokens: 128 },
        output_tokens: 111,
        output_tokens_details: { reasoning_tokens: 110 },
        total_tokens: 308,
        num_sources_used: 0,
        num_server_side_tools_used: 0,
        cost_in_usd_ticks: 3_893_500,
      },
    },
    sum: [
      [69, '1.25', 'million'],
      [128, '0.20', 'million'],
      [111, '2.50', 'million'],
    ],
    stated: '0.00038935',
  },
  {
    vendor: 'xAI Responses',
    trap: 'three calls of X Search before it was billed by the item (the response was published without its model: the prices are those that make its cost, to the tick)',
    recorded: 'published answers of X Search with their usage objects',
    supplier: 'x-ai',
    dialect: 'xai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'grok-4.3',
      usage: {
        input_tokens: 7583,
        input_tokens_details: { cached_tokens: 3072 },
        output_tokens: 3192,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 10_775,
        num_sources_used: 0,
        num_server_side_tools_used: 3,
        cost_in_usd_ticks: 292_331_500,
        server_side_tool_usage_details: { web_search_calls: 0, x_search_calls: 3, mcp_calls: 0 },
        context_details: { input_tokens: 5993, output_tokens: 2995 },
      },
    },
    sum: [
      [4511, '1.25', 'million'],
      [3072, '0.20', 'million'],
      [3192, '2.50', 'million'],
      [3, '0.005', 'each'],
    ],
    stated: '0.02923315',
  },
  {
    vendor: 'xAI Responses',
    trap: 'X Search by the item: $5 for a thousand posts, $10 for a thousand profiles (the documented example)',
    supplier: 'x-ai',
    dialect: 'xai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'grok-4.3',
      usage: {
        input_tokens: 1000,
        output_tokens: 100,
        total_tokens: 1100,
        server_side_tool_usage_details: {
          web_search_calls: 0,
          x_search_calls: 2,
          x_posts_fetched: 44,
          x_users_fetched: 3,
        },
      },
    },
    sum: [
      [1000, '1.25', 'million'],
      [100, '2.50', 'million'],
      [44, '0.005', 'each'],
      [3, '0.01', 'each'],
    ],
  },
  {
    vendor: 'Perplexity',
    trap: 'little was searched, so the request costs less; the vendor rounds its parts to $0.00001',
    recorded: 'docs.perplexity.ai, "Error handling" of the SDKs, example response',
    supplier: 'perplexity',
    dialect: 'perplexity',
    body: {
      model: 'sonar-pro',
      usage: {
        completion_tokens: 1645,
        prompt_tokens: 20,
        total_tokens: 1665,
        citation_tokens: null,
        search_context_size: 'low',
        cost: {
          input_tokens_cost: 0.00006,
          output_tokens_cost: 0.02467,
          request_cost: 0.006,
          total_cost: 0.03073,
        },
      },
    },
    sum: [
      [20, '3', 'million'],
      [1645, '15', 'million'],
      [1, '0.006', 'each'],
    ],
    stated: '0.03073',
  },
  {
    vendor: 'Perplexity',
    trap: 'the same of the smaller model',
    recorded: `${VERCEL}/perplexity/src/__fixtures__/perplexity-usage-raw-live.json`,
    supplier: 'perplexity',
    dialect: 'perplexity',
    body: {
      model: 'sonar',
      usage: {
        completion_tokens: 1,
        prompt_tokens: 6,
        total_tokens: 7,
        search_context_size: 'low',
        cost: { input_tokens_cost: 0.00001, request_cost: 0.005, total_cost: 0.00501 },
      },
    },
    sum: [
      [6, '1', 'million'],
      [1, '1', 'million'],
      [1, '0.005', 'each'],
    ],
    stated: '0.00501',
  },
  {
    vendor: 'Gemini',
    trap: 'nearly all of the prompt from an explicit cache, thoughts beside two visible tokens',
    recorded: `${PYDANTIC}/google/cassettes/test_cache/test_google_model_cached_content.yaml`,
    supplier: 'google',
    dialect: 'gemini',
    body: {
      modelVersion: 'gemini-2.5-flash',
      usageMetadata: {
        cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 3512 }],
        cachedContentTokenCount: 3512,
        candidatesTokenCount: 2,
        promptTokenCount: 3520,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 3520 }],
        serviceTier: 'standard',
        thoughtsTokenCount: 42,
        totalTokenCount: 3564,
      },
    },
    sum: [
      [8, '0.30', 'million'],
      [3512, '0.03', 'million'],
      [44, '2.50', 'million'],
    ],
  },
  {
    vendor: 'Gemini',
    trap: 'what a tool put into the prompt is input on top of it',
    recorded: `${VERCEL}/google/src/__fixtures__/google-tool-use-usage.json`,
    supplier: 'google',
    dialect: 'gemini',
    body: {
      modelVersion: 'gemini-3.6-flash',
      usageMetadata: {
        promptTokenCount: 55,
        candidatesTokenCount: 51,
        totalTokenCount: 251,
        toolUsePromptTokenCount: 89,
        toolUsePromptTokensDetails: [{ modality: 'TEXT', tokenCount: 89 }],
        thoughtsTokenCount: 56,
        serviceTier: 'standard',
      },
    },
    sum: [
      [144, '0.75', 'million'],
      [107, '3.75', 'million'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'a session’s own reckoning: nearly everything read from or written to the one-hour cache',
    recorded: 'a published result of Claude Code, with its own cost by model',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: {
      type: 'message',
      model: 'claude-opus-5',
      usage: {
        input_tokens: 2,
        cache_creation_input_tokens: 7548,
        cache_read_input_tokens: 31_561,
        output_tokens: 4,
        output_tokens_details: { thinking_tokens: 0 },
        server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
        service_tier: 'standard',
        cache_creation: { ephemeral_1h_input_tokens: 7548, ephemeral_5m_input_tokens: 0 },
        inference_geo: 'not_available',
        iterations: [
          {
            type: 'message',
            input_tokens: 2,
            output_tokens: 4,
            cache_read_input_tokens: 31_561,
            cache_creation_input_tokens: 7548,
          },
        ],
        speed: 'standard',
      },
    },
    sum: [
      [2, '5', 'million'],
      [31_561, '0.50', 'million'],
      [7548, '10', 'million'],
      [4, '25', 'million'],
    ],
    stated: '0.0913705',
  },
  {
    vendor: 'Anthropic',
    trap: 'an adviser is priced as the model that it is (counts as recorded, of models that the starter document prices)',
    recorded: `${PYDANTIC}/cassettes/test_anthropic/test_anthropic_advisor_tool.yaml`,
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: {
      type: 'message',
      model: 'claude-sonnet-5',
      usage: {
        input_tokens: 2390,
        output_tokens: 121,
        output_tokens_details: { thinking_tokens: 28 },
        service_tier: 'standard',
        iterations: [
          { type: 'message', input_tokens: 1128, output_tokens: 110 },
          {
            type: 'advisor_message',
            model: 'claude-opus-5',
            input_tokens: 2518,
            output_tokens: 22,
          },
          { type: 'message', input_tokens: 1262, output_tokens: 11 },
        ],
      },
    },
    sum: [
      [2390, '2', 'million'],
      [121, '10', 'million'],
      [2518, '5', 'million'],
      [22, '25', 'million'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'a compaction costs what its iteration says, cache writes included (counts as recorded, of claude-sonnet-4-6)',
    recorded: `${PYDANTIC}/cassettes/test_anthropic/test_anthropic_compaction_usage_with_cache.yaml`,
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: {
      type: 'message',
      model: 'claude-sonnet-5',
      usage: {
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        input_tokens: 180,
        output_tokens: 8,
        service_tier: 'standard',
        iterations: [
          {
            type: 'compaction',
            cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 55_096 },
            cache_creation_input_tokens: 55_096,
            input_tokens: 100,
            output_tokens: 82,
          },
          { type: 'message', input_tokens: 180, output_tokens: 8 },
        ],
      },
    },
    sum: [
      [280, '2', 'million'],
      [55_096, '2.50', 'million'],
      [90, '10', 'million'],
    ],
  },
  {
    vendor: 'DeepSeek',
    trap: 'the completion was all thought',
    recorded: `${VERCEL}/deepseek/src/chat/__fixtures__/issue-19789-live-usage.json`,
    supplier: 'deepseek',
    dialect: 'deepseek',
    body: {
      model: 'deepseek-v4-flash',
      usage: {
        prompt_tokens: 88,
        completion_tokens: 4,
        total_tokens: 92,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 4 },
        prompt_cache_hit_tokens: 0,
        prompt_cache_miss_tokens: 88,
      },
    },
    sum: [
      [88, '0.15', 'million'],
      [4, '0.60', 'million'],
    ],
  },
  xaiSearches({
    trap: 'nine calls of X Search of the smaller model, named by its prices',
    recorded: 'published answers of X Search with their usage objects',
    model: 'grok-4.3',
    tokens: [27_967, 11_648, 2416, 0],
    tools: { x_search_calls: 9 },
    ticks: 737_683_500,
    rates: ['1.25', '0.20', '2.50'],
  }),
  xaiSearches({
    trap: 'thirteen of them; cached input of this model costs a quarter',
    recorded: 'a published response of grok-4.5 in a test of a cost ledger',
    model: 'grok-4.5',
    tokens: [84_348, 60_288, 3885, 2365],
    tools: { x_search_calls: 13 },
    ticks: 1_665_740_000,
    rates: ['2', '0.50', '6'],
  }),
  xaiSearches({
    trap: 'one search of the web; the counts of the last step beside it are no bill',
    recorded: `${VERCEL}/xai/src/responses/__fixtures__/issue-19652-live-generate.json`,
    model: 'grok-4.6',
    tokens: [5165, 1152, 891, 860],
    tools: { web_search_calls: 1 },
    ticks: 189_480_000,
    rates: ['2', '0.50', '6'],
  }),
  {
    vendor: 'Perplexity',
    trap: 'deep research bills what it read, its thoughts at a rate of their own, and each search',
    recorded: 'a published usage of sonar-deep-research, with its cost by kind',
    supplier: 'perplexity',
    dialect: 'perplexity',
    body: {
      model: 'sonar-deep-research',
      usage: {
        prompt_tokens: 1188,
        completion_tokens: 4240,
        total_tokens: 5428,
        citation_tokens: 8014,
        num_search_queries: 54,
        reasoning_tokens: 92_431,
      },
    },
    sum: [
      [9202, '2', 'million'],
      [4240, '8', 'million'],
      [92_431, '3', 'million'],
      [54, '0.005', 'each'],
    ],
    stated: '0.59962',
  },
];
