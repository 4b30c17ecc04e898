import { ApiError, csrfToken, errorOf } from '../chat/api.ts';

interface Line {
  readonly progress?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly error?: { readonly code?: string; readonly message?: string } };
}

/**
 * Calls a route that tells its progress, one JSON document a line.
 * @param body absent: the route only reads
 * @throws ApiError, also where the stream ends before its result
 */
export async function apiStream(
  path: string,
  body: object | undefined,
  onStep: (step: unknown) => void,
  signal?: AbortSignal,
): Promise<unknown> {
  const csrf = await csrfToken();
  const answer = await fetch(`/api${path}`, {
    method: body ? 'POST' : 'GET',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', ...(csrf && { 'x-csrf-token': csrf }) },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  if (!answer.ok || !answer.body) throw await errorOf(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? '';
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines.filter((each) => each !== '')) {
      const line = JSON.parse(text) as Line;
      if (line.progress !== undefined) onStep(line.progress);
      if (line.error)
        throw new ApiError(
          500,
          line.error.error?.code ?? 'internal',
          line.error.error?.message ?? '',
        );
      if ('result' in line) return line.result;
    }
    if (done) throw new ApiError(0, 'offline', 'The connection ended before the work did.');
  }
}
