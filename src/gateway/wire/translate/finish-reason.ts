/** Anthropic's `stop_reason` as a chat `finish_reason`. A reason that is not known is an ordinary end. */
export function finishReasonOf(
  stopReason: unknown,
): 'stop' | 'length' | 'tool_calls' | 'content_filter' {
  switch (stopReason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length';
    case 'tool_use':
      return 'tool_calls';
    case 'refusal':
      return 'content_filter';
    default:
      return 'stop';
  }
}

/**
 * A chat `finish_reason` as Anthropic's `stop_reason`. Some servers end with `stop` although they call
 * tools; Anthropic's clients run tools only after `tool_use`.
 */
export function stopReasonOf(
  finishReason: unknown,
  callsTools: boolean,
): 'end_turn' | 'max_tokens' | 'tool_use' | 'refusal' {
  if (finishReason === 'length') return 'max_tokens';
  if (finishReason === 'content_filter') return 'refusal';
  return callsTools || finishReason === 'tool_calls' || finishReason === 'function_call'
    ? 'tool_use'
    : 'end_turn';
}
