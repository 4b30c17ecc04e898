import type { CostCase } from './cost-cases.ts';

const claude = (model: string, usage: object): unknown => ({ type: 'message', model, usage });

/** What is billed beside tokens, and what re-prices them: tools, search tiers, regions, fast mode. */
export const TOOL_COST_CASES: readonly CostCase[] = [
  {
    vendor: 'OpenAI Responses',
    trap: 'a search by the preview tool of a model that does not reason costs two and a half times as much; what it found is free',
    recorded:
      'github.com/pydantic/pydantic-ai, tests/models/cassettes/test_openai_responses/test_openai_responses_model_web_search_tool.yaml',
    supplier: 'openai',
    dialect: 'openai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'gpt-4o-2024-08-06',
      service_tier: 'default',
      tools: [{ type: 'web_search_preview', search_context_size: 'medium' }],
      output: [{ id: 'ws_1', type: 'web_search_call', status: 'completed' }],
      usage: { input_tokens: 319, output_tokens: 556, total_tokens: 875 },
    },
    sum: [
      [319, '2.50', 'million'],
      [556, '10', 'million'],
      [1, '0.025', 'each'],
    ],
  },
  {
    vendor: 'OpenAI Responses',
    trap: 'and no more than any search in one that reasons',
    supplier: 'openai',
    dialect: 'openai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'o4-mini-2025-04-16',
      service_tier: 'default',
      tools: [{ type: 'web_search_preview_2025_03_11' }],
      output: [{ id: 'ws_1', type: 'web_search_call', status: 'completed' }],
      usage: { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 },
    },
    sum: [
      [1000, '1.10', 'million'],
      [100, '4.40', 'million'],
      [1, '0.01', 'each'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'inference kept in the United States costs a tenth more, searches do not',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: claude('claude-opus-5', {
      input_tokens: 1000,
      cache_read_input_tokens: 400,
      output_tokens: 100,
      service_tier: 'standard',
      inference_geo: 'us',
      server_tool_use: { web_search_requests: 1 },
    }),
    sum: [
      [1000, '5.50', 'million'],
      [400, '0.55', 'million'],
      [100, '27.50', 'million'],
      [1, '0.01', 'each'],
    ],
  },
  {
    vendor: 'Anthropic',
    trap: 'fast mode costs twice as much, cache reads too',
    supplier: 'anthropic',
    dialect: 'anthropic',
    body: claude('claude-opus-5', {
      input_tokens: 1000,
      cache_read_input_tokens: 400,
      output_tokens: 100,
      service_tier: 'standard',
      speed: 'fast',
    }),
    sum: [
      [1000, '10', 'million'],
      [400, '1', 'million'],
      [100, '50', 'million'],
    ],
  },
  {
    vendor: 'xAI Responses',
    trap: 'collections are the cheapest call, code costs twice and attached files four times as much',
    supplier: 'x-ai',
    dialect: 'xai-responses',
    body: {
      id: 'r1',
      object: 'response',
      model: 'grok-4.6',
      usage: {
        input_tokens: 1000,
        output_tokens: 100,
        total_tokens: 1100,
        num_server_side_tools_used: 6,
        server_side_tool_usage_details: {
          file_search_calls: 3,
          code_interpreter_calls: 2,
          document_search_calls: 1,
        },
      },
    },
    sum: [
      [1000, '2', 'million'],
      [100, '6', 'million'],
      [3, '0.0025', 'each'],
      [2, '0.005', 'each'],
      [1, '0.01', 'each'],
    ],
  },
  {
    vendor: 'Gemini',
    trap: 'a prompt grounded in Google Maps',
    supplier: 'google',
    dialect: 'gemini',
    body: {
      modelVersion: 'gemini-2.5-flash',
      candidates: [{ groundingMetadata: { groundingChunks: [{ maps: { title: 'A' } }] } }],
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 50, totalTokenCount: 150 },
    },
    sum: [
      [100, '0.30', 'million'],
      [50, '2.50', 'million'],
      [1, '0.025', 'each'],
    ],
  },
  {
    vendor: 'OpenAI chat',
    trap: 'a model that searches for each request, whose usage does not count searches',
    supplier: 'openai',
    dialect: 'openai-chat',
    body: {
      model: 'gpt-4o-search-preview-2025-03-11',
      usage: { prompt_tokens: 14, completion_tokens: 250, total_tokens: 264 },
    },
    sum: [
      [14, '2.50', 'million'],
      [250, '10', 'million'],
      [1, '0.025', 'each'],
    ],
  },
];
