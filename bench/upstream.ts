import { createServer, type Socket } from 'node:net';
import { JSON_ANSWER, streamEvents } from './answers.ts';
import { HttpReader } from './http-reader.ts';
import { announcePort } from './process-messages.ts';

/**
 * The mock upstream, in a process of its own: answers chat completions with fixed bytes, after a
 * delay, or as a stream with gaps. Written on bare sockets, so that it costs a fraction of what is
 * measured. `PUT /pace` with `{delayMs, gapMs}` sets the pace; `GET /count` tells what it served.
 */

interface Pace {
  /** Before an answer that is not streamed, and before a stream's first event. */
  readonly delayMs: number;
  /** Between the events of a stream; 0 for as fast as can be. */
  readonly gapMs: number;
}

let pace: Pace = { delayMs: 0, gapMs: 0 };
let requests = 0;
let streams = 0;
let abortedStreams = 0;

const JSON_REPLY = reply('application/json', JSON_ANSWER);
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n',
);
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const CHUNKS = [framed(streamEvents(false)), framed(streamEvents(true))] as const;
/** Streams at full speed go out in this many writes, so that whoever forwards them reads several times. */
const FULL_SPEED_WRITES = 8;
const STREAM_MARK = Buffer.from('"stream":true');
const USAGE_MARK = Buffer.from('"include_usage":true');

function reply(type: string, body: Buffer): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

function framed(events: readonly Buffer[]): Buffer[] {
  return events.map((event) =>
    Buffer.concat([Buffer.from(`${event.length.toString(16)}\r\n`), event, Buffer.from('\r\n')]),
  );
}

const server = createServer({ noDelay: true }, (socket) => {
  let head = '';
  let body: Buffer[] = [];
  let stream = false;
  let includeUsage = false;
  socket.on('error', () => socket.destroy());
  const reader = new HttpReader({
    onHead(text) {
      head = text;
      stream = false;
      includeUsage = false;
      body = [];
    },
    onBody(bytes) {
      stream ||= bytes.includes(STREAM_MARK);
      includeUsage ||= bytes.includes(USAGE_MARK);
      if (head.startsWith('PUT')) body.push(Buffer.from(bytes));
    },
    onEnd() {
      if (head.startsWith('POST')) answer(socket, stream, includeUsage);
      else control(socket, head, body);
    },
  });
  socket.on('data', (chunk) => reader.feed(chunk));
});

function control(socket: Socket, head: string, body: readonly Buffer[]): void {
  if (head.startsWith('PUT /pace')) pace = JSON.parse(Buffer.concat(body).toString()) as Pace;
  const counts = { requests, streams, abortedStreams };
  socket.write(reply('application/json', Buffer.from(JSON.stringify(counts))));
}

function answer(socket: Socket, stream: boolean, includeUsage: boolean): void {
  requests++;
  if (stream) streams++;
  const send = () => {
    if (stream) sendStream(socket, includeUsage);
    else socket.write(JSON_REPLY);
  };
  if (pace.delayMs === 0) send();
  else setTimeout(send, pace.delayMs);
}

function sendStream(socket: Socket, includeUsage: boolean): void {
  const chunks = CHUNKS[includeUsage ? 1 : 0];
  socket.write(STREAM_HEAD);
  if (pace.gapMs > 0) sendWithGaps(socket, chunks, pace.gapMs);
  else sendAtOnce(socket, chunks);
}

function sendAtOnce(socket: Socket, chunks: readonly Buffer[]): void {
  const perWrite = Math.ceil(chunks.length / FULL_SPEED_WRITES);
  let at = 0;
  const next = () => {
    const slice = chunks.slice(at, at + perWrite);
    at += perWrite;
    if (socket.destroyed) {
      abortedStreams++;
    } else if (at < chunks.length) {
      socket.write(Buffer.concat(slice));
      setImmediate(next);
    } else {
      socket.write(Buffer.concat([...slice, LAST_CHUNK]));
    }
  };
  next();
}

function sendWithGaps(socket: Socket, chunks: readonly Buffer[], gapMs: number): void {
  let at = 0;
  const next = () => {
    const chunk = chunks[at++];
    if (socket.destroyed) abortedStreams++;
    else socket.write(chunk ?? LAST_CHUNK);
    if (socket.destroyed || !chunk) clearInterval(timer);
  };
  const timer = setInterval(next, gapMs);
  next();
}

server.listen(0, '127.0.0.1', 4096, () => announcePort(server));
