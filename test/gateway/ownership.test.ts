import { expect, test } from 'vitest';
import { TestGateway, TEST_KEY } from '#gateway/testing-gateway.ts';

/**
 * What belongs to one customer is invisible to another, at the supplier too. Suppliers keep things
 * (responses, files, conversations, containers, caches, vector stores) under the operator's one key,
 * where any id would open them to anybody. So no id of theirs goes through: none that a client sends
 * reaches a supplier, and nothing that is kept there can be asked for.
 */

const say = (content: unknown) => [{ role: 'user', content }];
const chat = (more: object, content: unknown = 'x') => ({
  model: 'sim-standard',
  max_tokens: 5,
  messages: say(content),
  ...more,
});
const responses = (more: object, content: unknown = 'x') => ({
  model: 'sim-standard',
  max_output_tokens: 16,
  input: say(content),
  ...more,
});

const REQUESTS: readonly (readonly [path: string, field: string, body: object])[] = [
  ['/v1/responses', 'previous_response_id', responses({ previous_response_id: 'resp_1' })],
  ['/v1/responses', 'conversation', responses({ conversation: 'conv_1' })],
  ['/v1/responses', 'conversation', responses({ conversation: { id: 'conv_1' } })],
  ['/v1/responses', 'prompt', responses({ prompt: { id: 'pmpt_1' } })],
  [
    '/v1/responses',
    'input[0].type',
    { ...responses({}), input: [{ type: 'item_reference', id: 'msg_1' }] },
  ],
  [
    '/v1/responses',
    'input[0].content[0].file_id',
    responses({}, [{ type: 'input_file', file_id: 'file_1' }]),
  ],
  [
    '/v1/responses',
    'input[0].content[0].file_id',
    responses({}, [{ type: 'input_image', file_id: 'file_1' }]),
  ],
  [
    '/v1/responses',
    'tools[0].type',
    responses({ tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }),
  ],
  [
    '/v1/responses',
    'tools[0].type',
    responses({ tools: [{ type: 'code_interpreter', container: 'cntr_1' }] }),
  ],
  [
    '/v1/responses',
    'tools[0].type',
    responses({
      tools: [
        { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_1' } },
      ],
    }),
  ],
  [
    '/v1/responses',
    'tools[0].type',
    responses({ tools: [{ type: 'mcp', connector_id: 'connector_1', server_label: 'a' }] }),
  ],
  [
    '/v1/responses',
    'tools[0].type',
    responses({ tools: [{ type: 'image_generation', input_image_mask: { file_id: 'file_1' } }] }),
  ],
  [
    '/v1/chat/completions',
    'messages[0].content[0].file.file_id',
    chat({}, [{ type: 'file', file: { file_id: 'file_1' } }]),
  ],
  [
    '/v1/chat/completions',
    'messages[1].audio',
    { ...chat({}), messages: [...say('x'), { role: 'assistant', audio: { id: 'audio_1' } }] },
  ],
  ['/v1/chat/completions', 'previous_response_id', chat({ previous_response_id: 'resp_1' })],
  ['/v1/chat/completions', 'conversation', chat({ conversation: 'conv_1' })],
  ['/v1/chat/completions', 'container', chat({ container: 'cntr_1' })],
  ['/v1/chat/completions', 'cached_content', chat({ cached_content: 'cachedContents/1' })],
  [
    '/v1/chat/completions',
    'extra_body.google.cached_content',
    chat({ extra_body: { google: { cached_content: 'cachedContents/1' } } }),
  ],
  ['/v1/messages', 'container', chat({ container: 'container_1' })],
  ['/v1/messages', 'container', chat({ container: { id: 'container_1', skills: [] } })],
  [
    '/v1/messages',
    'messages[0].content[0].source.file_id',
    chat({}, [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }]),
  ],
  [
    '/v1/messages',
    'messages[0].content[0].source.file_id',
    chat({}, [{ type: 'image', source: { type: 'file', file_id: 'file_1' } }]),
  ],
  [
    '/v1/messages',
    'messages[0].content[0].type',
    chat({}, [{ type: 'container_upload', file_id: 'file_1' }]),
  ],
  [
    '/v1/messages',
    'mcp_servers',
    chat({ mcp_servers: [{ type: 'url', url: 'https://x.test', name: 'a' }] }),
  ],
];

test.each(REQUESTS)('%s refuses %s: %j', async (path, field, body) => {
  await using house = await TestGateway.start();
  const answer = await house.post(path, body);
  expect(answer.status).toBe(400);
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  expect(error).toMatchObject({ code: 'unpriced_parameter' });
  expect(error.message).toContain(`\`${field}\``);
  expect(house.admission.calls).toEqual([]);
  expect(house.simulator.log.requests()).toEqual([]);
});

const KEPT = [
  'GET /v1/responses/resp_1',
  'GET /v1/responses/resp_1/input_items',
  'DELETE /v1/responses/resp_1',
  'POST /v1/responses/resp_1/cancel',
  'GET /v1/chat/completions',
  'GET /v1/chat/completions/chatcmpl_1',
  'GET /v1/chat/completions/chatcmpl_1/messages',
  'GET /v1/files',
  'POST /v1/files',
  'GET /v1/files/file_1/content',
  'GET /v1/conversations/conv_1',
  'GET /v1/containers',
  'GET /v1/containers/cntr_1/files/file_1/content',
  'GET /v1/vector_stores/vs_1',
  'GET /v1/batches/batch_1',
  'GET /v1/messages/batches',
  'GET /v1/messages/batches/b_1/results',
];

test.each(KEPT)('%s leads to nothing', async (line) => {
  await using house = await TestGateway.start();
  const [method = '', path = ''] = line.split(' ');
  const answer = await fetch(`${house.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${TEST_KEY}` },
  });
  // 405: the path is a model call's, which has no other method.
  expect([404, 405]).toContain(answer.status);
  expect(house.simulator.log.requests()).toEqual([]);
});

test('an answer of one customer is no way into the next one of another', async () => {
  await using house = await TestGateway.start();
  const first = await house
    .openai()
    .responses.create({ model: 'sim-standard', input: 'secret', store: true });
  await expect(
    house.openai().responses.create({
      model: 'sim-standard',
      input: 'what did I say?',
      previous_response_id: first.id,
    }),
  ).rejects.toMatchObject({ status: 400, code: 'unpriced_parameter' });
  await expect(house.openai().responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
});
