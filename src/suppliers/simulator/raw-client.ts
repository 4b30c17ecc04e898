import { connect } from 'node:net';

/** What came over one connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The body as it was sent, without chunk framing. */
  readonly body: Buffer;
  /** How the connection stood when the client looked away. */
  readonly ended: 'closed' | 'reset' | 'silent';
  /** Whether the framing says that the body is whole. */
  readonly whole: boolean;
  /** How many times bytes arrived. */
  readonly reads: number;
}

export interface RawRequest {
  readonly url: string;
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Look away, and close, after this long without a byte. */
  readonly silenceMs?: number;
  /** Close as soon as so many bytes have come. */
  readonly closeAfterBytes?: number;
}

/** Sends one request over a bare socket and keeps every byte: a client that forgives nothing. */
export async function rawRequest(request: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(request.url);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const ended = await new Promise<RawAnswer['ended']>((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const finish = (how: RawAnswer['ended']) => {
      socket.destroy();
      resolve(how);
    };
    socket.setTimeout(request.silenceMs ?? 2000, () => finish('silent'));
    socket.on('error', () => finish('reset'));
    socket.on('close', () => finish('closed'));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= (request.closeAfterBytes ?? Number.POSITIVE_INFINITY)) finish('closed');
    });
    const headers = Object.entries(request.headers ?? {}).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    socket.write(
      `POST ${request.path} HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n${headers.join('')}` +
        `content-length: ${Buffer.byteLength(request.body)}\r\n\r\n${request.body}`,
    );
  });
  return { ...parse(Buffer.concat(chunks)), ended, reads: chunks.length };
}

function parse(raw: Buffer): Omit<RawAnswer, 'ended' | 'reads'> {
  const end = raw.indexOf('\r\n\r\n');
  const head = raw.toString('latin1', 0, Math.max(0, end));
  const [start = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = end < 0 ? Buffer.alloc(0) : raw.subarray(end + 4);
  const framed =
    headers.get('transfer-encoding') === 'chunked'
      ? unchunk(rest)
      : { body: rest, whole: rest.length === Number(headers.get('content-length') ?? -1) };
  return { status: Number(start.split(' ')[1] ?? 0), head, headers, ...framed };
}

function unchunk(bytes: Buffer): { body: Buffer; whole: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return { body: Buffer.concat(parts), whole: false };
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (size === 0) return { body: Buffer.concat(parts), whole: true };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/** The `data:` of each event of an SSE body, as text. */
export function dataOf(body: Buffer): string[] {
  return body
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length));
}
