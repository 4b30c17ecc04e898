import { describe, expect, test } from 'vitest';
import { PROTOCOL_NAMES } from './protocols.ts';
import { supplierOf } from './supplier.ts';

/** The flat header list as an object. */
function headersOf(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) headers[list[i] ?? ''] = list[i + 1] ?? '';
  return headers;
}

describe('addresses', () => {
  test.each([
    [
      'openai',
      'https://api.openai.com/v1',
      'openai-chat',
      'https://api.openai.com',
      '/v1/chat/completions',
    ],
    [
      'openai',
      'http://localhost:11434',
      'openai-chat',
      'http://localhost:11434',
      '/v1/chat/completions',
    ],
    [
      'anthropic',
      'https://api.anthropic.com',
      'anthropic-messages',
      'https://api.anthropic.com',
      '/v1/messages',
    ],
    [
      'gemini',
      'https://generativelanguage.googleapis.com',
      'openai-chat',
      'https://generativelanguage.googleapis.com',
      '/v1beta/openai/chat/completions',
    ],
    [
      'openai',
      'https://proxy.example/team/a/v1/',
      'openai-responses',
      'https://proxy.example',
      '/team/a/v1/responses',
    ],
  ] as const)('%s at %s', (protocol, baseUrl, wire, origin, path) => {
    const supplier = supplierOf({ name: 's', protocol, baseUrl });
    expect([supplier.origin, supplier.path(wire)]).toEqual([origin, path]);
  });

  test.each(['ftp://x/v1', 'nonsense', 'https://user:pass@x/v1', 'https://x/v1?key=1'])(
    '%s is refused',
    (baseUrl) => {
      expect(() => supplierOf({ name: 's', protocol: 'openai', baseUrl })).toThrow('Supplier s');
    },
  );

  test('an unknown protocol is refused by name', () => {
    expect(() => supplierOf({ name: 's', protocol: 'telex', baseUrl: 'https://x' })).toThrow(
      /telex.*openai/,
    );
  });
});

describe('headers', () => {
  test("the supplier's key goes out, the client's does not", () => {
    const openai = supplierOf({
      name: 's',
      protocol: 'openai',
      baseUrl: 'https://x',
      apiKey: 'ours',
    });
    const claude = supplierOf({
      name: 's',
      protocol: 'anthropic',
      baseUrl: 'https://x',
      apiKey: 'ours',
    });
    const client = {
      authorization: 'Bearer theirs',
      'x-api-key': 'theirs',
      cookie: 'theirs',
      'x-forwarded-for': 'theirs',
    };
    for (const supplier of [openai, claude]) {
      const headers = headersOf(supplier.headers(client, false));
      expect(Object.values(headers).filter((value) => value.includes('theirs'))).toEqual([]);
    }
    expect(headersOf(openai.headers(client, false))['authorization']).toBe('Bearer ours');
    expect(headersOf(claude.headers(client, false))['x-api-key']).toBe('ours');
  });

  test("Anthropic's version and betas go on as the client set them, with a version where there is none", () => {
    const claude = supplierOf({ name: 's', protocol: 'anthropic', baseUrl: 'https://x' });
    const beta = { 'anthropic-version': '2024-01-01', 'anthropic-beta': 'files-api' };
    expect(headersOf(claude.headers(beta, true))).toMatchObject({
      ...beta,
      accept: 'text/event-stream',
    });
    expect(headersOf(claude.headers({}, false))['anthropic-version']).toBe('2023-06-01');
  });

  test('what the operator adds is sent', () => {
    const supplier = supplierOf({
      name: 's',
      protocol: 'openai',
      baseUrl: 'https://x',
      headers: { 'OpenAI-Organization': 'o' },
    });
    expect(headersOf(supplier.headers({}, false))['openai-organization']).toBe('o');
  });
});

test.each([
  ['deepseek', 'deepseek', 'streams'],
  ['xai-chat', 'xai', 'streams'],
  ['openai-compatible', 'openai-compatible', 'always'],
  ['openai-chat', 'openai', 'streams'],
] as const)("OpenAI's wire with the usage dialect %s is %s", (dialect, name, abortSaving) => {
  const supplier = supplierOf({ name: 's', protocol: 'openai', dialect, baseUrl: 'https://x' });
  expect(supplier.protocol.name).toBe(name);
  expect(supplier.dialect('openai-chat')).toBe(dialect);
  expect(supplier.abortSaving).toBe(abortSaving);
});

test.each(PROTOCOL_NAMES)('%s: every wire has a path and a dialect', (protocol) => {
  const supplier = supplierOf({ name: 's', protocol, baseUrl: 'https://x' });
  for (const wire of [
    'openai-chat',
    'openai-responses',
    'openai-embeddings',
    'anthropic-messages',
  ] as const) {
    expect(supplier.path(wire) === undefined).toBe(supplier.dialect(wire) === undefined);
  }
});
