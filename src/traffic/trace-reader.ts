import { createReadStream } from 'node:fs';
import { DomainError } from '#base/domain-error.ts';

export const TRACE_FORMATS = ['azure-2023', 'mooncake'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** One request of a recorded trace. */
export interface TraceRequest {
  /** Since the recording began. */
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
  let line = 0;
  let previousMs = 0;
  const wrong = (what: string): DomainError =>
    new DomainError('invalid_request', `${file}, line ${line} ${what}.`, { field: 'file' });
  for await (const text of linesOf(file)) {
    line++;
    if (text === undefined) throw wrong(`has more than ${LINE_CHARACTERS_MAX} characters`);
    if (format === 'azure-2023' && line === 1) {
      if (text.trim() !== AZURE_HEADER) throw wrong(`is not the header ${AZURE_HEADER}`);
      continue;
    }
    if (text.trim() === '') continue;
    const request = parse(text);
    if (!request) throw wrong(`is no ${format} request`);
    if (request.offsetMs < previousMs) throw wrong('goes back in time');
    previousMs = request.offsetMs;
    yield request;
  }
}

/** The longest line of the published traces has about 2,000 characters. */
const LINE_CHARACTERS_MAX = 1_000_000;

/** A file's lines without their ends, of any convention; `undefined` for one that is too long. */
async function* linesOf(file: string): AsyncGenerator<string | undefined> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) yield line.length > LINE_CHARACTERS_MAX ? undefined : line;
      if (rest.length > LINE_CHARACTERS_MAX) yield undefined;
    }
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const { message } = cause as Error;
    throw new DomainError('not_found', `Cannot read ${file}: ${message}`, { field: 'file', cause });
  }
  if (rest !== '') yield rest;
}

type Parser = (text: string) => TraceRequest | undefined;

const AZURE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
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
    if (!isCount(timestamp) || !isCount(input) || !isCount(output)) return undefined;
    if (!Array.isArray(hashes) || !hashes.every(isCount)) return undefined;
    let hits = 0;
    // A prefix hits up to its first block that nobody sent before.
    while (hits < hashes.length && seen.has(hashes[hits] ?? -1)) hits++;
    for (const hash of hashes) seen.add(hash);
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
