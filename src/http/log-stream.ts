import type { NumberedEntry } from '#chat/log-entry.ts';

const KEEP_ALIVE_MS = 15_000;

/**
 * A log as server-sent events, each with its number as `id`. The first step is taken before the answer
 * begins, so that errors have their status; a client that goes ends the following and nothing else.
 * @param follow its first batch is empty: it says that the log may be read, however long entries take
 */
export async function logStream(
  follow: (signal: AbortSignal) => AsyncGenerator<readonly NumberedEntry[]>,
): Promise<Response> {
  const gone = new AbortController();
  const entries = follow(gone.signal);
  const encoder = new TextEncoder();
  await entries.next();
  let keepAlive: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(': open\n\n'));
        keepAlive = setInterval(
          () => controller.enqueue(encoder.encode(': keep-alive\n\n')),
          KEEP_ALIVE_MS,
        ).unref();
      },
      async pull(controller) {
        try {
          const { value, done } = await entries.next();
          if (done) {
            clearInterval(keepAlive);
            controller.close();
            return;
          }
          controller.enqueue(encoder.encode(value.map(eventOf).join('')));
        } catch (error) {
          clearInterval(keepAlive);
          controller.error(error);
        }
      },
      async cancel() {
        clearInterval(keepAlive);
        gone.abort();
        await entries.return(undefined).catch(() => undefined);
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  });
}

function eventOf({ seq, entry }: NumberedEntry): string {
  return `id: ${seq}\ndata: ${JSON.stringify(entry)}\n\n`;
}
