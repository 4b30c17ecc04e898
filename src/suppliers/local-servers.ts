import { request } from 'undici';
import { z } from 'zod';

/** Where OpenAI-compatible servers listen unless told otherwise, by their documentation. */
export const LOCAL_PORTS: Readonly<Record<number, string>> = {
  11434: 'Ollama',
  8000: 'vLLM',
  8080: 'llama.cpp',
  1234: 'LM Studio',
};

/** A server that answered on this machine. */
export interface LocalServer {
  readonly port: number;
  /** What usually listens on that port; a guess. */
  readonly name: string;
  /** Where its API begins. */
  readonly url: string;
  readonly models: readonly string[];
}

const WAIT_MS = 1_000;
const BYTES_MAX = 256 * 1024;
const MODELS_MAX = 50;
/** As the offer names models. */
const MODEL_NAME = /^[\w.:/@-]{1,120}$/;

const modelList = z.object({ data: z.array(z.object({ id: z.string() })).max(10_000) });

/**
 * Asks the usual ports of this machine for their models, all at once: the loopback address alone, a
 * second each, no redirects, and only what answers as OpenAI's `GET /v1/models` does counts.
 */
export async function findLocalServers(ports: readonly number[]): Promise<readonly LocalServer[]> {
  const found = await Promise.all(ports.map((port) => askPort(port).catch(() => undefined)));
  return found.filter((server) => server !== undefined);
}

async function askPort(port: number): Promise<LocalServer | undefined> {
  const url = `http://127.0.0.1:${port}/v1`;
  const signal = AbortSignal.timeout(WAIT_MS);
  const { statusCode, body } = await request(`${url}/models`, { signal });
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BYTES_MAX) return undefined;
    parts.push(part);
  }
  if (statusCode !== 200) return undefined;
  const list = modelList.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
  const models = list.data.map(({ id }) => id).filter((id) => MODEL_NAME.test(id));
  const name = LOCAL_PORTS[port] ?? `127.0.0.1:${port}`;
  return models.length === 0 ? undefined : { port, name, url, models: models.slice(0, MODELS_MAX) };
}
