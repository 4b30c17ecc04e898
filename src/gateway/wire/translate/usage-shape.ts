import { inputTokens, outputTokens, type Usage } from '#metering/usage.ts';

/**
 * The usage vector in the shape of chat completions: cached, written and audio tokens are inside the
 * prompt, reasoning and audio inside the completion.
 */
export function chatUsage(usage: Usage): object {
  const prompt = inputTokens(usage);
  const completion = outputTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cachedTokens(usage),
      cache_write_tokens: usage.cache_write_5m + usage.cache_write_1h,
      audio_tokens: usage.audio_in + usage.audio_in_cached,
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: usage.audio_out },
  };
}

/** The usage vector in the shape of the Responses API, whose inclusions are those of chat. */
export function responsesUsage(usage: Usage): object {
  const input = inputTokens(usage);
  const output = outputTokens(usage);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cachedTokens(usage),
      cache_write_tokens: usage.cache_write_5m + usage.cache_write_1h,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output,
  };
}

/**
 * The usage vector in Anthropic's shape: input, cache reads and cache writes are disjoint, thinking is
 * inside the output.
 */
export function anthropicUsage(usage: Usage): object {
  return {
    input_tokens: usage.input + usage.audio_in + usage.image_in,
    cache_creation_input_tokens: usage.cache_write_5m + usage.cache_write_1h,
    cache_read_input_tokens: cachedTokens(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cache_write_5m,
      ephemeral_1h_input_tokens: usage.cache_write_1h,
    },
    output_tokens: outputTokens(usage),
    output_tokens_details: { thinking_tokens: usage.reasoning },
    server_tool_use:
      usage.web_searches > 0
        ? { web_search_requests: usage.web_searches, web_fetch_requests: 0 }
        : null,
  };
}

function cachedTokens(usage: Usage): number {
  return usage.input_cached + usage.audio_in_cached + usage.image_in_cached;
}
