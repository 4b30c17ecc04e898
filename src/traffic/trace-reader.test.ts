import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '#testing/temporary-directory.ts';
import { readTrace, type TraceFormat, type TraceRequest } from './trace-reader.ts';

async function read(text: string, format: TraceFormat): Promise<TraceRequest[]> {
  const directory = temporaryDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  directory.write('trace', text);
  return Array.fromAsync(readTrace(`${directory.path}/trace`, format));
}

describe('traces', () => {
  it('reads Azure 2023', async () => {
    const text =
      'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8\r\n';
    expect(await read(text, 'azure-2023')).toEqual([
      { offsetMs: 0, inputTokens: 4808, cachedTokens: 0, outputTokens: 10 },
      { offsetMs: 52, inputTokens: 3180, cachedTokens: 0, outputTokens: 8 },
    ]);
  });

  it('reads Mooncake, and knows which prefix was sent before', async () => {
    const rows = [
      { timestamp: 0, input_length: 1030, output_length: 5, hash_ids: [0, 1, 2] },
      { timestamp: 9, input_length: 1100, output_length: 6, hash_ids: [0, 1, 7] },
      { timestamp: 9, input_length: 400, output_length: 6, hash_ids: [0] },
    ];
    const requests = await read(rows.map((row) => JSON.stringify(row)).join('\n'), 'mooncake');
    expect(requests.map(({ cachedTokens }) => cachedTokens)).toEqual([0, 1024, 400]);
  });

  it.each([
    ['azure-2023', 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16,4808,10\n', 'line 2'],
    [
      'mooncake',
      '{"timestamp":5,"input_length":1,"output_length":1,"hash_ids":[]}\n{"timestamp":-1}',
      'line 2',
    ],
    ['mooncake', 'nonsense', 'line 1'],
    ['azure-2023', '2023-11-16 18:17:03.9799600,4808,10\n', 'line 1 is not the header'],
    ['mooncake', `{"timestamp":5${' '.repeat(1_000_001)}`, 'line 1 has more than'],
    [
      'mooncake',
      '{"timestamp":5,"input_length":1,"output_length":1,"hash_ids":["a"]}',
      'line 1 is no mooncake request',
    ],
    [
      'mooncake',
      '{"timestamp":5,"input_length":1,"output_length":1,"hash_ids":[]}\n{"timestamp":4,"input_length":1,"output_length":1,"hash_ids":[]}',
      'goes back in time',
    ],
  ] as const)('names the line of a broken %s trace', async (format, text, words) => {
    await expect(read(text, format)).rejects.toThrow(words);
  });

  it.each(['/nowhere/trace.csv', import.meta.dirname])(
    'says that it cannot read %s',
    async (file) => {
      await expect(Array.fromAsync(readTrace(file, 'azure-2023'))).rejects.toMatchObject({
        code: 'not_found',
      });
    },
  );

  const data = fileURLToPath(new URL('../../../shared/data/traces', import.meta.url));
  const files = [
    ['azure-2023', 'azure-llm-2023/AzureLLMInferenceTrace_code.csv', 8_819],
    ['azure-2023', 'azure-llm-2023/AzureLLMInferenceTrace_conv.csv', 19_366],
    ['mooncake', 'mooncake/conversation_trace.jsonl', 12_031],
    ['mooncake', 'mooncake/synthetic_trace.jsonl', 3_993],
  ] as const;
  if (!existsSync(data))
    console.log(`traces: whole files are not read, since ${data} is not there`);
  async function sums(name: string, format: TraceFormat) {
    const sum = { count: 0, cached: 0, input: 0 };
    for await (const request of readTrace(`${data}/${name}`, format)) {
      sum.count++;
      sum.cached += request.cachedTokens;
      sum.input += request.inputTokens;
    }
    return sum;
  }

  it.skipIf(!existsSync(data)).each(files)(
    'reads the whole %s file %s',
    async (format, name, rows) => {
      expect((await sums(name, format)).count).toBe(rows);
    },
  );

  it.skipIf(!existsSync(data))('finds 37% of the conversations in a prefix cache', async () => {
    const { cached, input } = await sums('mooncake/conversation_trace.jsonl', 'mooncake');
    expect(Math.abs(cached / input - 0.37)).toBeLessThan(0.03);
  });
});
