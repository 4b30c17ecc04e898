/**
 * A long text as the body of an answer, made while it is read. The first part is made before the answer
 * begins, so that errors have their status; one after that breaks the connection off.
 */
export async function textResponse(
  parts: AsyncGenerator<string>,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const first = await parts.next();
  return new Response(ReadableStream.from(bytesOf(first, parts)), { headers });
}

async function* bytesOf(
  first: IteratorResult<string>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  if (first.done) return;
  yield encoder.encode(first.value);
  for await (const part of rest) yield encoder.encode(part);
}
