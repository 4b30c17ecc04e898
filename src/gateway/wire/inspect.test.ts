import { DomainError } from '#base/domain-error.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inspectRequest } from './inspect.ts';
import type { RequestFacts, Surface } from './request-facts.ts';

const SURFACES: readonly Surface[] = [
  'openai-chat',
  'openai-responses',
  'openai-embeddings',
  'anthropic-messages',
];

function inspect(surface: Surface, body: unknown): RequestFacts {
  return inspectRequest(surface, body, Buffer.byteLength(JSON.stringify(body)));
}

function refusal(surface: Surface, body: unknown): { code: string; field: string | undefined } {
  try {
    inspect(surface, body);
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error('was not refused');
}

const hi = [{ role: 'user', content: 'hi' }];
const chat = (more: object = {}) => ({ model: 'gpt-5', messages: hi, ...more });
const anthropic = (more: object = {}) => ({
  model: 'claude',
  max_tokens: 100,
  messages: hi,
  ...more,
});
const responses = (more: object = {}) => ({ model: 'gpt-5', input: 'hi', ...more });

describe('chat completions', () => {
  test('reads what admission needs', () => {
    const facts = inspect(
      'openai-chat',
      chat({
        stream: true,
        stream_options: { include_usage: true },
        max_completion_tokens: 50,
        max_tokens: 70,
        n: 3,
        service_tier: 'flex',
        reasoning_effort: 'high',
        tools: [{ type: 'function', function: { name: 'f' } }],
        prediction: { type: 'content', content: 'é' },
        modalities: ['text', 'audio'],
        an_unknown_parameter: { deep: [1] },
      }),
    );
    expect(facts).toMatchObject({
      model: 'gpt-5',
      stream: true,
      includeUsage: true,
      outputTokensMax: 70,
      n: 3,
      serviceTier: 'flex',
      reasoningEffort: 'high',
      clientTools: 1,
      extraOutputTokens: 2,
      audioOutput: true,
      outputLimitFields: ['max_completion_tokens', 'max_tokens'],
    });
  });

  test('an absent limit stays absent, null counts as absent', () => {
    const facts = inspect(
      'openai-chat',
      chat({ max_tokens: null, n: null, stream: null, service_tier: null, tools: null }),
    );
    expect(facts).toMatchObject({
      outputTokensMax: undefined,
      n: 1,
      stream: false,
      serviceTier: undefined,
      includeUsage: false,
    });
  });

  test('inline media leave the text bytes, remote media do not count as inline', () => {
    const data = 'A'.repeat(4000);
    const body = chat({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this' },
            {
              type: 'image_url',
              image_url: { url: `data:image/png;base64,${data}`, detail: 'low' },
            },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
            { type: 'input_audio', input_audio: { data, format: 'mp3' } },
            {
              type: 'file',
              file: { file_data: `data:application/pdf;base64,${data}`, filename: 'a.pdf' },
            },
          ],
        },
      ],
    });
    const facts = inspect('openai-chat', body);
    expect(facts.media).toEqual([
      { kind: 'image', source: 'inline', bytes: 3000, detail: 'low' },
      { kind: 'image', source: 'remote', bytes: 0, detail: undefined },
      { kind: 'audio', source: 'inline', bytes: 3000, detail: undefined },
      { kind: 'file', source: 'inline', bytes: 3000, detail: undefined },
    ]);
    expect(facts.textBytes).toBe(JSON.stringify(body).length - 12_000);
  });

  test.each([
    ['data:text/plain;base64,', true],
    ['data:TEXT/markdown;charset=utf-8;base64,', true],
    ['data:application/json;base64,', true],
    // Their suppliers make more of these than their text: rows are told, pages are drawn.
    ['data:text/csv;base64,', false],
    ['data:application/pdf;base64,', false],
    ['data:application/vnd.openxmlformats-officedocument.wordprocessingml.document;base64,', false],
    ['', false],
  ])('a file that is text is bounded by its bytes, not by the context: %s', (head, isText) => {
    const file = { file_data: `${head}${'A'.repeat(4000)}`, filename: 'a' };
    const body = chat({ messages: [{ role: 'user', content: [{ type: 'file', file }] }] });
    const facts = inspect('openai-chat', body);
    expect(facts.media).toHaveLength(isText ? 0 : 1);
    const counted = JSON.stringify(body).length - (isText ? 0 : 4000);
    expect(facts.textBytes).toBe(counted);
  });

  test.each([
    ['web_search_options', {}],
    ['search_parameters', { mode: 'on' }],
    ['plugins', []],
    ['models', ['a']],
    ['background', true],
    ['best_of', 4],
    ['previous_response_id', 'resp_1'],
    ['conversation', 'conv_1'],
    ['container', 'c'],
    ['mcp_servers', []],
  ])('refuses %s by name', (name, value) => {
    expect(refusal('openai-chat', chat({ [name]: value }))).toEqual({
      code: 'unpriced_parameter',
      field: name,
    });
  });

  test('refuses hosted and unknown tools, stored files, unknown parts and modalities by name', () => {
    expect(refusal('openai-chat', chat({ tools: [{ type: 'web_search' }] }))).toEqual({
      code: 'unpriced_parameter',
      field: 'tools[0].type',
    });
    expect(
      refusal(
        'openai-chat',
        chat({ messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] }),
      ),
    ).toEqual({ code: 'unpriced_parameter', field: 'messages[0].content[0].file.file_id' });
    expect(
      refusal(
        'openai-chat',
        chat({ messages: [{ role: 'user', content: [{ type: 'video_url' }] }] }),
      ).field,
    ).toBe('messages[0].content[0].type');
    expect(refusal('openai-chat', chat({ modalities: ['text', 'image'] })).field).toBe(
      'modalities[1]',
    );
    expect(
      refusal('openai-chat', chat({ messages: [{ role: 'assistant', audio: { id: 'a' } }] })).field,
    ).toBe('messages[0].audio');
  });

  test.each<[string, unknown]>([
    ['', []],
    ['', null],
    ['', 'x'],
    ['model', { messages: hi }],
    ['model', { model: 7, messages: hi }],
    ['model', { model: '', messages: hi }],
    ['messages', { model: 'm' }],
    ['messages', { model: 'm', messages: [] }],
    ['messages[1]', { model: 'm', messages: [...hi, 3] }],
    ['messages[0].role', { model: 'm', messages: [{ content: 'x' }] }],
    ['messages[0].content', { model: 'm', messages: [{ role: 'user', content: 5 }] }],
    [
      'messages[0].content[0].text',
      chat({ messages: [{ role: 'user', content: [{ type: 'text' }] }] }),
    ],
    [
      'messages[0].content[0].image_url.url',
      chat({
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }],
          },
        ],
      }),
    ],
    ['max_tokens', chat({ max_tokens: -1 })],
    ['max_tokens', chat({ max_tokens: 1.5 })],
    ['max_tokens', chat({ max_tokens: '9' })],
    ['n', chat({ n: 0 })],
    ['n', chat({ n: 1e9 })],
    ['stream', chat({ stream: 'yes' })],
    ['tools', chat({ tools: {} })],
    ['tools[0].function.name', chat({ tools: [{ type: 'function', function: {} }] })],
    ['stream_options.include_usage', chat({ stream_options: { include_usage: 1 } })],
  ])('names %s where the shape is wrong', (field, body) => {
    expect(refusal('openai-chat', body)).toEqual({ code: 'invalid_request', field });
  });

  test('prototype keys are data, never settings', () => {
    const body: unknown = JSON.parse(
      '{"__proto__":{"model":"x","n":9},"constructor":{"prototype":{"n":9}},"model":"m","messages":[{"role":"user","content":"hi"}]}',
    );
    expect(inspectRequest('openai-chat', body, 100).n).toBe(1);
    expect(refusal('openai-chat', JSON.parse('{"__proto__":{"model":"x"},"messages":[]}'))).toEqual(
      { code: 'invalid_request', field: 'model' },
    );
  });
});

describe('responses', () => {
  test('reads what admission needs', () => {
    const facts = inspect(
      'openai-responses',
      responses({
        stream: true,
        max_output_tokens: 9,
        max_tool_calls: 4,
        reasoning: { effort: 'low' },
        service_tier: 'priority',
        tools: [
          { type: 'web_search' },
          { type: 'function', name: 'f' },
          { type: 'shell', environment: { type: 'local' } },
        ],
        input: [
          {
            role: 'user',
            content: [{ type: 'input_image', image_url: 'https://a/b.png', detail: 'high' }],
          },
          { type: 'function_call_output', call_id: 'c', output: 'ok' },
        ],
      }),
    );
    expect(facts).toMatchObject({
      outputTokensMax: 9,
      includeUsage: true,
      reasoningEffort: 'low',
      serviceTier: 'priority',
      clientTools: 2,
    });
    expect(facts.hostedTools).toEqual([
      { name: 'web_search', unit: 'web_searches', usesMax: 4, inputTokensMaxPerUse: 128_000 },
    ]);
    expect(facts.media).toHaveLength(1);
    const preview = responses({ tools: [{ type: 'web_search_preview' }], max_tool_calls: 1 });
    expect(inspect('openai-responses', preview).hostedTools).toMatchObject([
      { name: 'web_search_preview' },
    ]);
  });

  test.each([
    ['previous_response_id', 'r'],
    ['conversation', 'c'],
    ['background', true],
    ['prompt', { id: 'p' }],
    ['context_management', []],
  ])('refuses %s by name', (name, value) => {
    expect(refusal('openai-responses', responses({ [name]: value }))).toEqual({
      code: 'unpriced_parameter',
      field: name,
    });
  });

  test.each([
    'web_search',
    'file_search',
    'code_interpreter',
    'image_generation',
    'mcp',
    'shell',
    'tool_search',
    'programmatic_tool_calling',
    'made_up',
  ])('refuses the tool %s without a bound', (type) => {
    expect(refusal('openai-responses', responses({ tools: [{ type }] }))).toEqual({
      code: 'unpriced_parameter',
      field: 'tools[0].type',
    });
  });

  test('refuses stored and unknown items by name', () => {
    expect(
      refusal('openai-responses', responses({ input: [{ type: 'item_reference', id: 'i' }] }))
        .field,
    ).toBe('input[0].type');
    expect(refusal('openai-responses', responses({ input: [{ type: 'constructor' }] })).field).toBe(
      'input[0].type',
    );
    expect(refusal('openai-responses', responses({ input: 4 }))).toEqual({
      code: 'invalid_request',
      field: 'input',
    });
    expect(
      refusal(
        'openai-responses',
        responses({ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'x' }] }] }),
      ).field,
    ).toBe('input[0].content[0].file_id');
  });
});

describe('anthropic messages', () => {
  test('reads what admission needs', () => {
    const facts = inspect(
      'anthropic-messages',
      anthropic({
        stream: true,
        speed: 'fast',
        output_config: { effort: 'max' },
        system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        tools: [
          { name: 'f', input_schema: {} },
          { type: 'bash_20250124', name: 'bash' },
          { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
        ],
        messages: [
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 't',
                content: [
                  {
                    type: 'image',
                    source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
                  },
                ],
              },
            ],
          },
        ],
      }),
    );
    expect(facts).toMatchObject({
      outputTokensMax: 100,
      serviceTier: 'fast',
      reasoningEffort: 'max',
      cacheTtl: '1h',
      clientTools: 2,
      hiddenInputTokens: 2500,
    });
    expect(facts.hostedTools[0]).toMatchObject({
      name: 'web_search',
      unit: 'web_searches',
      usesMax: 3,
    });
    expect(facts.media).toEqual([{ kind: 'image', source: 'inline', bytes: 3, detail: undefined }]);
  });

  test.each([
    ['container', 'c'],
    ['mcp_servers', [{}]],
    ['context_management', {}],
    ['fallbacks', []],
    ['inference_geo', 'us'],
  ])('refuses %s by name', (name, value) => {
    expect(refusal('anthropic-messages', anthropic({ [name]: value }))).toEqual({
      code: 'unpriced_parameter',
      field: name,
    });
  });

  test.each([
    'web_search_20250305',
    'web_fetch_20250910',
    'web_search_20260209',
    'code_execution_20250825',
    'tool_search_tool_bm25_20251119',
    'advisor_20260301',
  ])('refuses the tool %s without a bound', (type) => {
    expect(refusal('anthropic-messages', anthropic({ tools: [{ type }] }))).toEqual({
      code: 'unpriced_parameter',
      field: 'tools[0].type',
    });
  });

  test('names the field whose shape is wrong', () => {
    expect(refusal('anthropic-messages', { model: 'm', messages: hi })).toEqual({
      code: 'invalid_request',
      field: 'max_tokens',
    });
    expect(refusal('anthropic-messages', anthropic({ system: [4] })).field).toBe('system[0]');
    expect(
      refusal(
        'anthropic-messages',
        anthropic({
          messages: [
            { role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: 'f' } }] },
          ],
        }),
      ),
    ).toEqual({ code: 'unpriced_parameter', field: 'messages[0].content[0].source.file_id' });
    expect(
      refusal(
        'anthropic-messages',
        anthropic({ messages: [{ role: 'user', content: [{ type: 'container_upload' }] }] }),
      ).field,
    ).toBe('messages[0].content[0].type');
  });
});

describe('embeddings', () => {
  test.each(['x', ['a', 'b'], [1, 2, 3], [[1], [2]]])('takes %j and has no output', (input) => {
    expect(inspect('openai-embeddings', { model: 'e', input }).outputTokensMax).toBe(0);
  });

  test('names the field whose shape is wrong', () => {
    expect(refusal('openai-embeddings', { model: 'e' }).field).toBe('input');
    expect(refusal('openai-embeddings', { model: 'e', input: [] }).field).toBe('input');
    expect(refusal('openai-embeddings', { model: 'e', input: [1, 'a'] }).field).toBe('input[1]');
    expect(refusal('openai-embeddings', { model: 'e', input: ['a', [1.5]] }).field).toBe(
      'input[1][0]',
    );
    expect(
      refusal('openai-embeddings', { model: 'e', input: Array.from({ length: 2049 }, () => 'a') })
        .field,
    ).toBe('input');
  });
});

test('whatever the body is, the answer is facts or a domain error', () => {
  const key = fc.constantFrom(
    'model',
    'messages',
    'input',
    'content',
    'role',
    'type',
    'text',
    'tools',
    'n',
    'source',
    'system',
    'stream',
    '__proto__',
    'constructor',
    'max_tokens',
    'output',
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(
        'text',
        'user',
        'image',
        'file',
        'input_image',
        'tool_result',
        null,
        true,
        3,
        -1,
        1e300,
        '',
      ),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(key, tie('any'), { maxKeys: 6, noNullPrototype: true }),
    ),
  })).any;
  fc.assert(
    fc.property(
      fc.constantFrom(...SURFACES),
      fc.dictionary(key, value, { noNullPrototype: true }),
      fc.boolean(),
      (surface, body, named) => {
        const input = named ? { max_tokens: 3, ...body, model: 'm' } : body;
        expect(outcome(() => inspect(surface, input).textBytes >= 0)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test('text is never longer than its byte bound', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
      const facts = inspect(
        'openai-chat',
        chat({ messages: texts.map((content) => ({ role: 'user', content })) }),
      );
      expect(facts.textBytes).toBeGreaterThanOrEqual(
        texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      );
    }),
  );
});

/** True where the facts are sound, or where a domain error refuses the body; a crash is itself. */
function outcome(run: () => boolean): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof DomainError ? true : error;
  }
}
