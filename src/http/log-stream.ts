import type { NumberedEntry } from '#chat/log-entry.ts';

const KEEP_ALIVE_MS = 15_000;

/**
 * A log as server-sent events, each with its number as `id`. The first step is taken before the answer
 * begins, so that errors have their status; a client that goes ends the following and nothing else.
 */
export async function logStream(
  follow: (signal: AbortSignal) => AsyncGenerator<readonly NumberedEntry[]>,
): Promise<Response> {
  const gone = new AbortController();
  const entries = follow(gone.signal);
  const opened = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  let first: Promise<IteratorResult<readonly NumberedEntry[]>> | undefined = entries.next();
  // Long silence is no error: the answer begins, and the first entries follow when they come.
  const timer = setTimeout(opened.resolve, 20);
  first.then(
    () => opened.resolve(),
    (error: unknown) => opened.reject(error),
  );
  await opened.promise.finally(() => clearTimeout(timer));
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
          const { value, done } = await (first ?? entries.next());
          first = undefined;
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
