/** What the mock upstream answers: the same bytes each time, so that every answer can be compared. */

const WORDS =
  'the meter counts every token that passes and the ledger keeps both sides of it '.split(' ');
const ANSWER_TOKENS = 128;
const PROMPT_TOKENS = 900;

const HEAD = {
  id: 'chatcmpl-bench',
  created: 1700000000,
  model: 'bench-model',
  service_tier: 'default',
  system_fingerprint: 'bench',
};
const USAGE = {
  prompt_tokens: PROMPT_TOKENS,
  completion_tokens: ANSWER_TOKENS,
  total_tokens: PROMPT_TOKENS + ANSWER_TOKENS,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};

function word(at: number): string {
  return `${WORDS[at % WORDS.length] ?? ''} `;
}

/** The JSON body of an answer that is not streamed. */
export const JSON_ANSWER = Buffer.from(
  JSON.stringify({
    ...HEAD,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: Array.from({ length: ANSWER_TOKENS }, (_, at) => word(at)).join(''),
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
  }),
);

function event(choices: readonly object[], usage: object | undefined): Buffer {
  const chunk = { ...HEAD, object: 'chat.completion.chunk', choices, ...(usage && { usage }) };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}

function choice(delta: object, finish: string | null): object[] {
  return [{ index: 0, delta, logprobs: null, finish_reason: finish }];
}

const USAGE_EVENT = event([], USAGE);
const DONE_EVENT = Buffer.from('data: [DONE]\n\n');
const TEXT_EVENTS: readonly Buffer[] = [
  event(choice({ role: 'assistant', content: '' }, null), undefined),
  ...Array.from({ length: ANSWER_TOKENS }, (_, at) =>
    event(choice({ content: word(at) }, null), undefined),
  ),
  event(choice({}, 'stop'), undefined),
];

/** The events of a streamed answer; the usage event only for those who ask. */
export function streamEvents(includeUsage: boolean): readonly Buffer[] {
  return includeUsage ? [...TEXT_EVENTS, USAGE_EVENT, DONE_EVENT] : [...TEXT_EVENTS, DONE_EVENT];
}

/** What a client that did not ask for usage must receive. */
export const STREAM_ANSWER = Buffer.concat(streamEvents(false));
