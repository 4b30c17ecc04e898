import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DomainError } from '#base/domain-error.ts';

export const TRACE_FORMATS = ['azure-2023', 'mooncake'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** One request of a recorded trace. */
export interface TraceRequest {
  /** Since the first request. */
  readonly offsetMs: number;
  readonly inputTokens: number;
  /** Of the input, what a prefix cache without bounds would have held. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

/** Mooncake's hash ids stand for blocks of so many tokens. */
const BLOCK_TOKENS = 512;

/**
 * Reads a trace, line by line.
 * - `azure-2023`: AzurePublicDataset, `TIMESTAMP,ContextTokens,GeneratedTokens`
 * - `mooncake`: JSON lines with `timestamp` (ms), `input_length`, `output_length`, `hash_ids`
 * @throws DomainError `not_found` for a missing file, `invalid_request` naming the line that is wrong
 */
export async function* readTrace(file: string, format: TraceFormat): AsyncGenerator<TraceRequest> {
  const parse = format === 'azure-2023' ? azureParser() : mooncakeParser();
  const input = createReadStream(file);
  const opened = new Promise<void>((resolve, reject) => {
    input.once('open', () => resolve());
    input.once('error', (cause) =>
      reject(
        new DomainError('not_found', `Cannot read ${file}: ${cause.message}`, {
          field: 'file',
          cause,
        }),
      ),
    );
  });
  await opened;
  let line = 0;
  let previousMs = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === '' || (format === 'azure-2023' && line === 1)) continue;
    const request = parse(text);
    if (!request || request.offsetMs < previousMs) {
      const what = request ? 'goes back in time' : `is no ${format} request`;
      throw new DomainError('invalid_request', `${file}, line ${line} ${what}.`, { field: 'file' });
    }
    previousMs = request.offsetMs;
    yield request;
  }
}

type Parser = (text: string) => TraceRequest | undefined;

const AZURE_LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{3})\d*,(\d+),(\d+)$/;

function azureParser(): Parser {
  let firstMs: number | undefined;
  return (text) => {
    const match = AZURE_LINE.exec(text.trim());
    if (!match) return undefined;
    const atMs = Date.parse(`${match[1]}T${match[2]}.${match[3]}Z`);
    firstMs ??= atMs;
    return {
      offsetMs: atMs - firstMs,
      inputTokens: Number(match[4]),
      cachedTokens: 0,
      outputTokens: Number(match[5]),
    };
  };
}

function mooncakeParser(): Parser {
  const seen = new Set<number>();
  return (text) => {
    const row = jsonObject(text);
    const { timestamp, input_length: input, output_length: output, hash_ids: hashes } = row;
    if (!isCount(timestamp) || !isCount(input) || !isCount(output) || !Array.isArray(hashes))
      return undefined;
    let hits = 0;
    // A prefix hits up to its first block that nobody sent before.
    while (hits < hashes.length && seen.has(hashes[hits] as number)) hits++;
    for (const hash of hashes) seen.add(hash as number);
    return {
      offsetMs: timestamp,
      inputTokens: input,
      cachedTokens: Math.min(input, hits * BLOCK_TOKENS),
      outputTokens: output,
    };
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
