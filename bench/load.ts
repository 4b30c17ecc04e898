import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { JSON_ANSWER, STREAM_ANSWER } from './answers.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpReader } from './http-reader.ts';
import type { LoadOptions, LoadResult } from './load-options.ts';
import { tell } from './process-messages.ts';
import { Samples } from './samples.ts';

/**
 * The load generator, in a process of its own: a closed loop over keep-alive connections on bare
 * sockets, each answer compared with the expected bytes while it arrives. Its options are the JSON
 * in its first argument; tells `{measuring}` after warming up and `{measured, …}` at the end, which
 * SIGTERM brings forward.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions;
const target = new URL(options.url);
const expected = expectedBytes();
const body = requestBody(options.bodyBytes, options.stream);
const heads = requestHeads();

const latency = new Samples();
const firstByte = new Samples();
const gap = new Samples();
let measuring = false;
let stopping = false;
let requests = 0;
let chunks = 0;
let failures = 0;
let mismatches = 0;
let firstProblem: string | undefined;
let nextHead = 0;
/** Connections that wait for the end of an answer. */
const open = new Set<Socket>();
const LAST_ANSWERS_TRIES = 200;

function expectedBytes(): Buffer {
  if (options.expectFile !== undefined) return readFileSync(options.expectFile);
  return options.stream ? STREAM_ANSWER : JSON_ANSWER;
}

/** A chat request of exactly so many bytes. */
function requestBody(bytes: number, stream: boolean): Buffer {
  const text = (content: string) =>
    JSON.stringify({
      model: options.model,
      ...(stream && { stream: true }),
      max_tokens: 256,
      messages: [{ role: 'user', content }],
    });
  return Buffer.from(text('count '.repeat(bytes).slice(0, bytes - text('').length)));
}

/** One head per set of headers; requests take them in turn. */
function requestHeads(): Buffer[] {
  const variants = options.headersFile
    ? (JSON.parse(readFileSync(options.headersFile, 'utf8')) as Record<string, string>[])
    : [{}];
  return variants.map((headers) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(
      `POST ${options.path} HTTP/1.1\r\nhost: ${target.host}\r\ncontent-type: application/json\r\n` +
        `${lines.join('')}content-length: ${body.length}\r\n\r\n`,
    );
  });
}

function problem(kind: 'failure' | 'mismatch', text: string): void {
  if (kind === 'failure') failures++;
  else mismatches++;
  firstProblem ??= text.slice(0, 500);
}

/** One connection: sends, reads, compares, sends again. */
function loop(): void {
  let sentMs = 0;
  let lastMs = 0;
  let at = 0;
  let head = '';
  let wrong = '';
  const socket: Socket = connect({
    host: target.hostname,
    port: Number(target.port),
    noDelay: true,
  });
  const send = () => {
    if (stopping) {
      socket.destroy();
      return;
    }
    at = 0;
    wrong = '';
    open.add(socket);
    sentMs = performance.now();
    lastMs = 0;
    socket.cork();
    socket.write(heads[nextHead++ % heads.length] ?? '');
    socket.write(body);
    socket.uncork();
  };
  const reader = new HttpReader({
    onHead(text) {
      head = text;
    },
    onBody(bytes) {
      const nowMs = performance.now();
      if (measuring) {
        chunks++;
        if (lastMs === 0) firstByte.add(nowMs - sentMs);
        else if (nowMs > lastMs) gap.add(nowMs - lastMs);
      }
      lastMs = nowMs;
      const end = Math.min(at + bytes.length, expected.length);
      if (wrong === '' && bytes.compare(expected, at, end) !== 0)
        wrong = `${head}\n${bytes.toString('utf8', 0, 300)}`;
      at += bytes.length;
    },
    onEnd() {
      open.delete(socket);
      if (!head.startsWith('HTTP/1.1 200')) problem('failure', wrong || head);
      else if (wrong || at !== expected.length)
        problem('mismatch', wrong || `${at} bytes, not ${expected.length}`);
      else if (measuring) {
        requests++;
        latency.add(performance.now() - sentMs);
      }
      send();
    },
  });
  socket.on('connect', send);
  socket.on('data', (chunk) => reader.feed(chunk));
  socket.on('error', (error) => {
    if (!stopping) problem('failure', error.message);
  });
  socket.on('close', () => {
    if (open.delete(socket)) problem('failure', 'connection closed before the answer ended');
    if (stopping) return;
    setTimeout(loop, 10);
  });
}

// Starts spread over the warm-up, so that streams do not all send at the same instants.
for (let index = 0; index < options.connections; index++)
  setTimeout(loop, (options.warmupSeconds * 900 * index) / options.connections);
setTimeout(() => {
  measuring = true;
  const startMs = performance.now();
  tell({ measuring: true });
  const end = () => {
    if (stopping) return;
    measuring = false;
    stopping = true;
    tell({ measured: resultAfter(performance.now() - startMs) });
    void endWhenAnswered();
  };
  setTimeout(end, options.seconds * 1000);
  process.on('SIGTERM', end);
}, options.warmupSeconds * 1000);

function resultAfter(elapsedMs: number): LoadResult {
  return {
    requests,
    chunks,
    seconds: elapsedMs / 1000,
    failures,
    mismatches,
    firstProblem: firstProblem ?? null,
    latencyMs: latency.summary(),
    firstByteMs: firstByte.summary(),
    gapMs: gap.summary(),
  };
}

/** Lets what is asked be answered, so that the target's books can be compared with the upstream's count. */
async function endWhenAnswered(): Promise<void> {
  for (let tries = 0; open.size > 0 && tries < LAST_ANSWERS_TRIES; tries++) await sleep(50);
  process.exit(0);
}
