import type { APIResponse, BrowserContext } from 'playwright-core';

/** Calls `/api` with the session of a browser, as its pages do. */
export async function postAs(
  context: BrowserContext,
  url: string,
  path: string,
  data: object,
): Promise<APIResponse> {
  const { csrf } = await (await context.request.get(`${url}/api/session`)).json();
  const headers = { origin: url, 'x-csrf-token': csrf ?? '' };
  return context.request.post(`${url}/api${path}`, { headers, data, timeout: 240_000 });
}

/** Asks a model so many times at once, for a word each: to use up a limit of messages. */
export async function askOften(
  url: string,
  {
    secret,
    model,
    times,
  }: { readonly secret: string; readonly model: string; readonly times: number },
): Promise<void> {
  const ask = () =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        max_tokens: 1,
        messages: [{ role: 'user', content: 'How deep is it?' }],
      }),
    });
  await Promise.all(Array.from({ length: times }, ask));
}
