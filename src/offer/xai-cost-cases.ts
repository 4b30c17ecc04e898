import type { CostCase } from './cost-cases.ts';

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

/** Answers of xAI's that searched, as others published them: what it said that it charged decides. */
export const XAI_COST_CASES: readonly CostCase[] = [
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
    recorded:
      'github.com/vercel/ai, packages/xai/src/responses/__fixtures__/issue-19652-live-generate.json',
    model: 'grok-4.6',
    tokens: [5165, 1152, 891, 860],
    tools: { web_search_calls: 1 },
    ticks: 189_480_000,
    rates: ['2', '0.50', '6'],
  }),
];
